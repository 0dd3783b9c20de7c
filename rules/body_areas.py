"""Where on the body something is: the areas of the chart, by key; left and right are the patient's own.

The first word of a key says on which picture the area is: the face, the body from the front or from the back.
"""

VIEWS = {"face": "Face", "front": "Body, front", "back": "Body, back"}


def _both(key: str, words: str) -> dict[str, str]:
    return {f"{key}_right": f"{words}, right", f"{key}_left": f"{words}, left"}


AREAS = {
    "face_forehead": "Forehead",
    "face_glabella": "Between the brows",
    **_both("face_temple", "Temple"),
    **_both("face_brow", "Brow"),
    **_both("face_crows_feet", "Crow’s feet"),
    **_both("face_under_eye", "Under the eye"),
    "face_nose": "Nose",
    **_both("face_cheek", "Cheek"),
    **_both("face_smile_line", "Line from nose to mouth"),
    "face_upper_lip": "Upper lip",
    "face_lower_lip": "Lower lip",
    **_both("face_mouth_corner", "Corner of the mouth"),
    "face_chin": "Chin",
    **_both("face_jawline", "Jawline"),
    "face_under_chin": "Under the chin",
    "face_neck": "Neck",
    **_both("front_shoulder", "Shoulder"),
    "front_chest": "Chest",
    **_both("front_armpit", "Armpit"),
    **_both("front_arm", "Arm"),
    **_both("front_hand", "Hand"),
    "front_abdomen": "Abdomen",
    **_both("front_flank", "Flank"),
    "front_bikini_line": "Bikini line",
    **_both("front_thigh", "Thigh"),
    **_both("front_knee", "Knee"),
    **_both("front_lower_leg", "Lower leg"),
    **_both("front_foot", "Foot"),
    "back_scalp": "Scalp",
    "back_neck": "Back of the neck",
    "back_upper": "Upper back",
    "back_lower": "Lower back",
    **_both("back_arm", "Back of the arm"),
    **_both("back_buttock", "Buttock"),
    **_both("back_thigh", "Back of the thigh"),
    **_both("back_calf", "Calf"),
}


def view_of(key: str) -> str:
    """On which of VIEWS an area is."""
    return key.partition("_")[0]

"""Every route with its audience; a new one fails here until somebody has thought about who may pass."""

from tests.house.audiences import AUDIENCES


def declared(app):
    for rule in app.url_map.iter_rules():
        methods = ",".join(sorted(rule.methods - {"HEAD", "OPTIONS"}))
        who, roles = getattr(app.view_functions[rule.endpoint], "audience", ("nobody", ()))
        yield f"{methods} {rule.rule}", " ".join((who, *sorted(roles)))


def test_every_route_is_listed_with_its_audience(app):
    assert dict(declared(app)) == AUDIENCES


def test_a_route_without_an_audience_is_closed(clinic, nobody, as_ava, as_owner):
    view = clinic.app.view_functions["home.home"]
    kept = view.audience
    del view.audience
    try:
        for browser in (nobody, as_ava, as_owner):
            assert browser.get("/").status_code == 403
    finally:
        view.audience = kept


def test_nobody_is_asked_to_sign_in_and_the_wrong_kind_is_refused(clinic, nobody, as_ava, as_owner, as_desk):
    for rule in clinic.app.url_map.iter_rules():
        if rule.arguments or "GET" not in rule.methods:
            continue
        who, roles = getattr(clinic.app.view_functions[rule.endpoint], "audience", ("nobody", ()))
        if who == "everyone":
            continue
        if who == "handed":
            for browser in (nobody, as_ava, as_owner):
                assert browser.get(rule.rule).status_code == 410, "whoever is signed in has no part in it"
            continue
        answer = nobody.get(rule.rule)
        assert answer.status_code == 303, rule.rule
        assert "/sign-in" in answer.location
        stranger = as_owner if who == "patient" else as_ava
        assert stranger.get(rule.rule).status_code == 403, rule.rule
        if who == "staff" and roles and "desk" not in roles:
            assert as_desk.get(rule.rule).status_code == 403, rule.rule

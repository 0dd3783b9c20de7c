"""The list: who each route is for."""

AUDIENCES = {
    "GET /healthz": "everyone",
}

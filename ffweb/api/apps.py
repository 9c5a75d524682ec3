from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "ffweb.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from ffweb import checks  # noqa: F401 - registers them

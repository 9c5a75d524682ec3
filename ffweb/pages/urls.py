"""Addresses of the pages, one view module a page."""

from __future__ import annotations

from django.urls import URLPattern, path

from ffweb.pages import (
    views_link,
    views_methods,
    views_new,
    views_probes,
    views_run,
    views_runs,
    views_settings,
    views_share,
    views_sign_in,
    views_studies,
    views_team,
)

urlpatterns: list[URLPattern] = [
    path("", views_runs.table, name="runs"),
    path("runs/quick-start", views_runs.quick_start, name="quick-start"),
    path("runs/new", views_new.new_run, name="new-run"),
    path("runs/new/check", views_new.check, name="check-new-run"),
    path("runs/actions", views_runs.actions, name="run-actions"),
    path("runs/restore", views_runs.restore, name="restore-runs"),
    path("runs/<str:run_id>", views_run.run_page, name="run"),
    path("runs/<str:run_id>/act/<str:action>", views_run.act, name="run-act"),
    path("runs/<str:run_id>/delete", views_run.delete, name="delete-run"),
    path("runs/<str:run_id>/share", views_run.share, name="share-run"),
    path("studies/memory/new", views_studies.new_study, name="new-study"),
    path("studies/<str:group>", views_studies.study, name="study"),
    path("studies/<str:group>/memory.json", views_studies.study_rows, name="study-rows"),
    path("studies/<str:group>/stop", views_studies.stop_study, name="stop-study"),
    path("shares/<int:share_id>/withdraw", views_run.unshare, name="unshare"),
    path("s/<str:token>", views_share.share_page, name="share"),
    path("sign-in", views_sign_in.sign_in, name="sign-in"),
    path("sign-in/<str:token>", views_link.link, name="link"),
    path("sign-out", views_sign_in.sign_out, name="sign-out"),
    path("methods", views_methods.methods_page, name="methods"),
    path("team", views_team.team, name="team"),
    path("team/invite", views_team.invite, name="invite"),
    path("team/<int:user_id>/<str:action>", views_team.change, name="change-member"),
    path("settings", views_settings.settings_page, name="settings"),
    path("settings/password", views_settings.password, name="password"),
    path("settings/tokens", views_settings.tokens, name="tokens"),
    path("settings/tokens/<int:token_id>/revoke", views_settings.revoke, name="revoke-token"),
    path("theme", views_settings.theme, name="theme"),
    path("healthz", views_probes.healthz, name="healthz"),
    path("readyz", views_probes.readyz, name="readyz"),
]

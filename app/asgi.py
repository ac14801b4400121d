"""The server's entry file: the pages, and beside them the share links and the JSON routes, in one process."""

import os
from pathlib import Path

import streamlit as st
from streamlit.runtime.secrets import SecretsValue

from app import early as early  # before the first visit
from app.web import routes

SIGN_ON = {
    "redirect_uri": "CJE_AUDIT_OIDC_REDIRECT_URI",
    "cookie_secret": "CJE_AUDIT_OIDC_COOKIE_SECRET",
    "client_id": "CJE_AUDIT_OIDC_CLIENT_ID",
    "client_secret": "CJE_AUDIT_OIDC_CLIENT_SECRET",
    "server_metadata_url": "CJE_AUDIT_OIDC_METADATA_URL",
}

wanted: dict[str, SecretsValue] = {key: os.environ.get(name, "") for key, name in SIGN_ON.items()}
app = st.App(
    Path(__file__).with_name("main.py"), routes=routes(), secrets={"auth": wanted} if wanted["client_id"] else None
)

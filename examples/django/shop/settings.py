"""Settings as any project's. Nothing here is for HealthPolicy."""

import os

SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = False
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "orders",
    "catalogue",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"

# Neither client gives up on a connect by itself: without these 3 s a request to a dead address holds its worker for
# two minutes, or until gunicorn kills the worker.
CONNECT_TIMEOUT_SECONDS = 3

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": os.environ.get("ORDERS_DB_HOST", "orders-db"),
        "NAME": "orders",
        "USER": os.environ["ORDERS_DB_USER"],
        "PASSWORD": os.environ["ORDERS_DB_PASSWORD"],
        "OPTIONS": {"connect_timeout": CONNECT_TIMEOUT_SECONDS},
    },
    "catalogue": {
        "ENGINE": "django.db.backends.mysql",
        "HOST": os.environ.get("CATALOGUE_DB_HOST", "catalogue-db"),
        "NAME": "catalogue",
        "USER": os.environ["CATALOGUE_DB_USER"],
        "PASSWORD": os.environ["CATALOGUE_DB_PASSWORD"],
        "OPTIONS": {"connect_timeout": CONNECT_TIMEOUT_SECONDS},
    },
}
DATABASE_ROUTERS = ["shop.routers.CatalogueRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
        "LOCATION": os.environ.get("MEMCACHED_SERVERS", "cache-0:11211,cache-1:11211").split(","),
        "OPTIONS": {"connect_timeout": CONNECT_TIMEOUT_SECONDS, "timeout": CONNECT_TIMEOUT_SECONDS},
    },
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"

USE_TZ = True

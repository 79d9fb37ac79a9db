"""Well-known images: those that serve HTTP by themselves, and those that are an app's services. A table, as data."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class ServerImage:
    """An image that starts a web server without being told how."""

    port: int
    volumes: tuple[str, ...] = ()
    """Where it keeps data."""


@dataclass(frozen=True)
class ServiceImage:
    """A database or another service of an app."""

    data: str = ""
    """Where it keeps its data."""
    web: bool = False
    """It has a page of its own for developers."""


_SERVERS: tuple[tuple[str, ServerImage], ...] = (
    ("nginx", ServerImage(80)), ("nginxinc/nginx-unprivileged", ServerImage(8080)), ("bitnami/nginx", ServerImage(8080)),
    ("httpd", ServerImage(80)), ("caddy", ServerImage(80)), ("openresty/openresty", ServerImage(80)),
    ("dunglas/frankenphp", ServerImage(80)), ("php:*apache*", ServerImage(80)), ("tomcat", ServerImage(8080)),
    ("jetty", ServerImage(8080)), ("swaggerapi/swagger-ui", ServerImage(8080)), ("redocly/redoc", ServerImage(80)),
    ("joseluisq/static-web-server", ServerImage(80)), ("halverneus/static-file-server", ServerImage(8080)),
    ("tiangolo/uvicorn-gunicorn*", ServerImage(80)), ("tiangolo/uwsgi-nginx*", ServerImage(80)),
    ("rocker/shiny*", ServerImage(3838)), ("jupyter/*", ServerImage(8888)), ("wordpress", ServerImage(80, ("/var/www/html",))),
    ("ghost", ServerImage(2368, ("/var/lib/ghost/content",))), ("nextcloud", ServerImage(80, ("/var/www/html",))),
    ("grafana/grafana*", ServerImage(3000, ("/var/lib/grafana",))), ("n8nio/n8n", ServerImage(5678, ("/home/node/.n8n",))),
    ("metabase/metabase", ServerImage(3000)), ("apache/superset", ServerImage(8088)), ("traefik/whoami", ServerImage(80)),
)  # fmt: skip
_SERVICES: tuple[tuple[str, ServiceImage], ...] = (
    ("postgres", ServiceImage("/var/lib/postgresql/data")), ("*postgis*", ServiceImage("/var/lib/postgresql/data")),
    ("*pgvector*", ServiceImage("/var/lib/postgresql/data")), ("timescale/*", ServiceImage("/var/lib/postgresql/data")),
    ("mysql", ServiceImage("/var/lib/mysql")), ("mysql/*", ServiceImage("/var/lib/mysql")),
    ("mariadb", ServiceImage("/var/lib/mysql")), ("percona*", ServiceImage("/var/lib/mysql")),
    ("mongo", ServiceImage("/data/db")), ("redis", ServiceImage("/data")), ("redis/*", ServiceImage("/data")),
    ("valkey/*", ServiceImage("/data")), ("*keydb*", ServiceImage("/data")), ("bitnami/*", ServiceImage()),
    ("rabbitmq", ServiceImage("/var/lib/rabbitmq")), ("nats", ServiceImage()), ("*kafka*", ServiceImage()),
    ("*zookeeper*", ServiceImage()), ("*redpanda*", ServiceImage()), ("memcached", ServiceImage()),
    ("*elasticsearch*", ServiceImage("/usr/share/elasticsearch/data")), ("opensearchproject/*", ServiceImage()),
    ("*meilisearch*", ServiceImage("/meili_data")), ("typesense/*", ServiceImage()),
    ("qdrant/*", ServiceImage("/qdrant/storage")), ("chromadb/*", ServiceImage()),
    ("clickhouse/*", ServiceImage("/var/lib/clickhouse")), ("influxdb", ServiceImage("/var/lib/influxdb2")),
    ("neo4j", ServiceImage("/data")), ("couchdb", ServiceImage("/opt/couchdb/data")),
    ("cassandra", ServiceImage("/var/lib/cassandra")), ("*cockroach*", ServiceImage()), ("*sqlserver*", ServiceImage()),
    ("*mssql*", ServiceImage("/var/opt/mssql")), ("minio/*", ServiceImage("/data")), ("*localstack*", ServiceImage()),
    ("hashicorp/*", ServiceImage()), ("adminer", ServiceImage(web=True)), ("*pgadmin*", ServiceImage(web=True)),
    ("*phpmyadmin*", ServiceImage(web=True)), ("mongo-express", ServiceImage(web=True)),
    ("*redis-commander*", ServiceImage(web=True)), ("*mailhog*", ServiceImage(web=True)), ("*mailpit*", ServiceImage(web=True)),
    ("*maildev*", ServiceImage(web=True)), ("*mailcatcher*", ServiceImage(web=True)), ("*portainer*", ServiceImage(web=True)),
    ("prom/*", ServiceImage(web=True)), ("grafana/loki", ServiceImage()), ("jaegertracing/*", ServiceImage(web=True)),
    ("openzipkin/*", ServiceImage(web=True)), ("selenium/*", ServiceImage()), ("*autoheal*", ServiceImage()),
    ("*watchtower*", ServiceImage()), ("certbot/*", ServiceImage()),
)  # fmt: skip


def known_image(image: str) -> ServerImage | None:
    """The server that an image is, by its name and tag."""
    name, tag = parts_of(image)
    return next((found for pattern, found in _SERVERS if fnmatchcase(name, pattern) or fnmatchcase(f"{name}:{tag}", pattern)), None)


def service_image(image: str) -> ServiceImage | None:
    """The service that an image is, by its name."""
    name, _ = parts_of(image)
    return next((found for pattern, found in _SERVICES if fnmatchcase(name, pattern)), None)


def parts_of(image: str) -> tuple[str, str]:
    """Name (of Docker Hub's official images without `library/`) and tag."""
    whole = image.partition("@")[0]
    for registry in ("docker.io/", "index.docker.io/", "registry-1.docker.io/"):
        whole = whole.removeprefix(registry)
    folder, slash, last = whole.rpartition("/")
    name, _, tag = last.partition(":")
    return f"{folder}{slash}{name}".removeprefix("library/").removeprefix("ghcr.io/").removeprefix("quay.io/").lower(), tag.lower()


def registry_of(image: str) -> str:
    """The host that an image comes from."""
    first, slash, _ = image.partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return first if is_host and first not in ("docker.io", "index.docker.io") else "registry-1.docker.io"

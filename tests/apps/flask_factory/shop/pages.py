from flask import Blueprint

bp = Blueprint("pages", __name__)


@bp.get("/")
def index():
    return "Hello from the factory"

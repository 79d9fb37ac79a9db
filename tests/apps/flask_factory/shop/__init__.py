from flask import Flask


def create_app(config=None):
    app = Flask(__name__)
    app.config.from_mapping(config or {})

    from . import pages

    app.register_blueprint(pages.bp)
    return app

from fasthtml.common import fast_app, serve, H1

app, rt = fast_app()


@rt("/")
def get():
    return H1("Hello from FastHTML")


serve()

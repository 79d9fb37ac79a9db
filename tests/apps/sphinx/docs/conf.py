project = "Hello"
extensions = []
html_theme = "alabaster"

"""The terminal front end: commands, the live step tree, exit codes. Imports `runner` and the log store; never `lsp`.

Heavy imports (rich, the models, the runner) happen in the command that needs them, so that `--version` and `--help` are quick.
"""

"""The language server: JSON-RPC over stdio for the `deploy/` methods and, with standard LSP alone, for editors without a plugin."""

"""Apps of a machine without a POSIX shell (Windows): what keeper.sh and the probes do elsewhere, in Python.

The commands of a deployment call `python -m auto_deployer.apps.native DEPLOY_DIR VERB …` (`calls` makes their text, `__main__` runs
it); what only reads does so in our own process (`reading`). The files in `run/<release>/` are those of keeper.sh.

What differs from elsewhere: data that an app writes into its release stays there, so old releases are kept; the app's log is
rotated when the app is started; an app is ended at once, as Windows cannot ask a program without a window to end.
"""

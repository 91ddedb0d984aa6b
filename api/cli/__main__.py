"""`python -m api.cli`: the command without its script, as the supervisor calls it."""

from api.cli.main import main

main()

"""`python -m app`: the terminal command."""

from app.terminal.command_line import app

if __name__ == "__main__":
    app()

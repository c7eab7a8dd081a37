"""What tests share: stand-ins and checks, no tests."""

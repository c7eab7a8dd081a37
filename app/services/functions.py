"""The functions that the server itself can call."""

from app.engine.tools.functions.registry import FunctionRegistry
from app.schemas.functions import FunctionList, ServedFunction


class FunctionService:
    def __init__(self, functions: FunctionRegistry) -> None:
        self._functions = functions

    def list(self) -> FunctionList:
        return FunctionList(
            data=[
                ServedFunction(
                    name=one.name, description=one.description, parameters=one.parameters
                )
                for one in self._functions
            ]
        )

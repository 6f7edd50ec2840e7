import pytest

# Its assertions become the words of a report; plain ones would say nothing.
pytest.register_assert_rewrite("tests.contract.api.documented")

from hypothesis import settings

pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.stack"]

# A busy machine is no reason for a property to fail.
settings.register_profile("carillon", deadline=None)
settings.load_profile("carillon")

from hypothesis import settings

from runtime.engine_zones import pin_engine_zones

pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.stack"]

pin_engine_zones()

# A busy machine is no reason for a property to fail.
settings.register_profile("carillon", deadline=None)
settings.load_profile("carillon")

from tests.boot_sector import a_guest, a_harbour

__all__ = ["a_guest", "a_harbour"]

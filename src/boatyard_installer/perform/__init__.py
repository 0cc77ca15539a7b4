"""Performing a plan on the machine."""

from boatyard_installer.perform.work import perform

__all__ = ["perform"]

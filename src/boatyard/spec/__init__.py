"""RPM spec files as text: sections, tags, conditionals and macro definitions, without expanding macros."""

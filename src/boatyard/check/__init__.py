"""The static check of deployments: what files use, and whether an image has it. Nothing is run.

    sources → steps (what a file does, in order) → judged with facts (image, repositories) → findings → reports

One module, or folder, for each language (`shell`, `cloud_config`, `dockerfile`, `ansible`) turns text into the steps of
`step`; `judge` runs the steps against `facts`.
"""

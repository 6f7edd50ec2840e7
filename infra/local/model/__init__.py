"""The offline model: Anthropic's Messages API on one machine, answered from templates and rules.

`drafting.draft` writes an answer of a pipeline step; `server.OfflineModel` serves it over HTTP.
"""

FROM harbour AS tools
ENTRYPOINT ["env", "A=1"]
CMD ["htop"]
FROM harbour
ENTRYPOINT []
CMD jq .

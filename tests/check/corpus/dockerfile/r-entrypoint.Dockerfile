FROM harbour
CMD ["1d"]
ENTRYPOINT ["sleep"]
CMD ["2d"]

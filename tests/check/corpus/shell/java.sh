#!/bin/bash
dnf install -y java-21-openjdk
java -jar /opt/app/app.jar &
javac /opt/app/Main.java

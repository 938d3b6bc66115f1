#!/usr/bin/env bash
# Makes sure that Chromium is there for the browser tests, by the system's
# package manager.
set -euo pipefail
for b in chromium chromium-browser google-chrome google-chrome-stable; do
  if command -v "$b" >/dev/null; then exit 0; fi
done
if [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] || [ -x /Applications/Chromium.app/Contents/MacOS/Chromium ]; then exit 0; fi
lacking() { echo "Chromium is missing and can't be installed here ($1): install it, then run make test again." >&2; exit 1; }
if command -v apt-get >/dev/null; then
  sudo=""
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null && sudo -n true 2>/dev/null || lacking "no root and no passwordless sudo"
    sudo="sudo -n"
  fi
  echo "installing Chromium with apt-get"
  $sudo apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends chromium >/dev/null
elif command -v brew >/dev/null; then
  echo "installing Chromium with brew"
  brew install --cask chromium
else
  lacking "no apt-get and no brew"
fi

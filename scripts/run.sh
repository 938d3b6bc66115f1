#!/usr/bin/env bash
# Starts the server; on the first start at a terminal it offers the demo.
set -euo pipefail
data=${SPOTTER_DATA:-./data}
args=("$@")
for ((i = 0; i < ${#args[@]}; i++)); do
  case "${args[i]}" in
    --data) data=${args[i + 1]:-$data} ;;
    --data=*) data=${args[i]#--data=} ;;
    --demo) exec "${args[@]}" ;;
  esac
done
if [ ! -e "$data" ] && [ -z "${DATABASE_URL:-}" ] && [ -t 0 ] && [ -t 1 ]; then
  read -r -p "First start: fill the workspace with 300 demo examples? One click removes them. [Y/n] " answer
  case "$answer" in [nN]*) ;; *) args+=(--demo) ;; esac
fi
exec "${args[@]}"

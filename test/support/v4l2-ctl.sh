#!/bin/sh
# Stands for v4l2-ctl where there is no camera. The device is a file with a line for each control
# (name, kind, least, most, value; - where it has none); they are listed in the words of v4l-utils
# 1.22, and refused as uvcvideo refuses them.
device=$2
[ -f "$device" ] || {
  echo "Cannot open device $device, exiting." >&2
  exit 1
}
manual=$(awk '$1 ~ /^(auto_exposure|exposure_auto)$/ { print $5 }' "$device")

case $3 in
--list-ctrls)
  printf '\nUser Controls\n\n'
  awk -v manual="${manual:-1}" '{
    range = $3 == "-" ? "" : sprintf("min=%d max=%d ", $3, $4) ($2 == "int" ? "step=1 " : "")
    label = $2 == "menu" ? ($5 == 1 ? " (Manual Mode)" : " (Aperture Priority Mode)") : ""
    flags = $1 ~ /^exposure_.*absolute$/ && manual != 1 ? " flags=inactive" : ""
    printf "%31s 0x009a0902 (%s)%*s: %sdefault=0 value=%d%s%s\n", $1, $2, 7 - length($2), "", range, $5, label, flags
  }' "$device"
  ;;
--set-ctrl)
  for pair in $(echo "$4" | tr , ' '); do
    name=${pair%=*}
    grep -q "^$name " "$device" || {
      echo "unknown control '$name'" >&2
      exit 255
    }
    case $name in
    exposure_*absolute)
      [ "$(awk '$1 ~ /^(auto_exposure|exposure_auto)$/ { print $5 }' "$device")" = 1 ] || {
        echo 'VIDIOC_S_EXT_CTRLS: failed: Input/output error' >&2
        exit 255
      }
      ;;
    esac
    sed -i "s/^\($name .*\) [^ ]*$/\1 ${pair#*=}/" "$device"
  done
  ;;
*)
  echo "unknown option $3" >&2
  exit 1
  ;;
esac

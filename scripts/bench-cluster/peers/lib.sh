# From a Go module to a program, an image and a folder of manifests, without a container engine. Sourced by conformance/bench.sh.
# shellcheck shell=bash

# module_folder MODULE VERSION: where the source of a module is, its charts included; brought by the Go command.
module_folder() { (cd / && GOTOOLCHAIN=$RECENT_GO go mod download -json "$1@$2" | sed -n 's/^\t"Dir": "\(.*\)",$/\1/p'); }

# build_module NAME MODULE PACKAGE VERSION LDFLAGS: the program, built once into the cache.
build_module() {
  require_go
  build_once "$1" "$RECENT_GO $2 $4" install_program "$2/$3@$4" "$5"
}

# install_program PACKAGE@VERSION LDFLAGS OUTPUT
install_program() {
  local folder
  folder=$(mktemp -d)
  GOTOOLCHAIN=$RECENT_GO CGO_ENABLED=0 GOBIN=$folder nice -n 10 go install -trimpath -ldflags "-s -w $2" "$1"
  mv "$folder"/* "$3"
  rmdir "$folder"
}

# build_main_module NAME MODULE PACKAGE VERSION LDFLAGS: as build_module, for a module that replaces some of those it needs: that counts
# only where it is the main one, so it is built in its own folder.
build_main_module() {
  require_go
  build_once "$1" "$RECENT_GO $2 $4" build_in "$(module_folder "$2" "$4")" "$3" "$5"
}

# build_in FOLDER PACKAGE LDFLAGS OUTPUT
build_in() { GOTOOLCHAIN=$RECENT_GO CGO_ENABLED=0 nice -n 10 go build -C "$1" -mod=readonly -trimpath -ldflags "-s -w $3" -o "$4" "./$2"; }

# program_image NAME PROGRAM PATH [ENTRYPOINT [USER:GROUP]]: an image with a built program alone, imported into the running cluster.
program_image() {
  local archive
  archive=$(mktemp --suffix .tar)
  "$CLUSTER_SOURCE/mkimage.py" --output "$archive" --name "$1" --entrypoint "${4:-$3}" --env "PATH=$(dirname "$3")" --user "${5:-65532:65532}" \
    --program "$PROGRAMS/$2:$3" --file /etc/ssl/certs/ca-certificates.crt:/etc/ssl/certs/ca-certificates.crt
  import_image "$archive"
  rm "$archive"
}

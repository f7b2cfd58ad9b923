#define _GNU_SOURCE
#include "faults.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Which descriptors belong to files of the store. */

#define DESCRIPTORS 65536

static char store[PATH_MAX];
static size_t store_length, folder_length;
static struct watched table[DESCRIPTORS];

void watch_open(const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL || strlen(path) >= sizeof store) return;
  strcpy(store, path);
  store_length = strlen(path);
  folder_length = (size_t)(slash - path);
}

enum kind watch_kind(const char *path) {
  if (store_length == 0 || strncmp(path, store, folder_length) != 0) return KIND_NONE;
  if (path[folder_length] == 0 || strcmp(path + folder_length, "/") == 0) return KIND_FOLDER;
  if (strncmp(path, store, store_length) != 0) return KIND_NONE;
  const char *suffix = path + store_length;
  if (strchr(suffix, '/') != NULL) return KIND_NONE;
  if (strcmp(suffix, "-wal") == 0) return KIND_WAL;
  if (strcmp(suffix, "-shm") == 0) return KIND_SHM;
  if (strcmp(suffix, "-journal") == 0) return KIND_JOURNAL;
  return *suffix == 0 ? KIND_MAIN : KIND_OTHER;
}

void watch_add(int descriptor, const char *path, int created) {
  char link[64], whole[PATH_MAX];
  if (descriptor < 0 || descriptor >= DESCRIPTORS) return;
  if (path[0] != '/') {
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, whole, sizeof whole - 1);
    if (length < 0) return;
    whole[length] = 0;
    path = whole;
  }
  enum kind kind = watch_kind(path);
  struct stat status;
  if (kind == KIND_NONE || fstat(descriptor, &status) != 0) {
    table[descriptor].kind = KIND_NONE;
    return;
  }
  table[descriptor] = (struct watched){.kind = kind, .inode = status.st_ino, .errors_seen = control_errors(kind)};
  if (kind != KIND_SHM) journal_add(RECORD_LINK, status.st_ino, created, path, strlen(path));
}

void watch_remove(int descriptor) {
  if (descriptor >= 0 && descriptor < DESCRIPTORS) table[descriptor].kind = KIND_NONE;
}

struct watched *watch_get(int descriptor) {
  static struct watched none;
  return descriptor < 0 || descriptor >= DESCRIPTORS ? &none : &table[descriptor];
}

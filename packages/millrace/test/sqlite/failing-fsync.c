#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Lets every fsync fail, as a broken disk does, once the file named by FAIL_FSYNC is there: of files whose path ends as
 * FAIL_FSYNC_OF says, or of all.
 */
static int broken(int descriptor) {
  const char *switch_file = getenv("FAIL_FSYNC");
  const char *end = getenv("FAIL_FSYNC_OF");
  struct stat status;
  if (switch_file == NULL || stat(switch_file, &status) != 0) return 0;
  if (end == NULL) return 1;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < (ssize_t)strlen(end)) return 0;
  path[length] = 0;
  return strcmp(path + length - strlen(end), end) == 0;
}

int fdatasync(int descriptor) {
  if (broken(descriptor)) { errno = EIO; return -1; }
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return real(descriptor);
}

int fsync(int descriptor) {
  if (broken(descriptor)) { errno = EIO; return -1; }
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  return real(descriptor);
}

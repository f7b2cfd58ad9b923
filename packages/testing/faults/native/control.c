#define _GNU_SOURCE
#include "faults.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What is to fail, and the wall clock: told by the test through memory that all processes share, so that it can change. */

struct control *control;

void control_open(const char *path) {
  int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
  void *memory = descriptor < 0 ? MAP_FAILED : mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (memory == MAP_FAILED) {
    fprintf(stderr, "The fault library cannot read its control file '%s': %s\n", path, strerror(errno));
    abort();
  }
  syscall(SYS_close, descriptor);
  control = memory;
}

static int64_t load(const int64_t *field) { return __atomic_load_n(field, __ATOMIC_SEQ_CST); }

static int64_t next(int64_t *field) { return __atomic_add_fetch(field, 1, __ATOMIC_SEQ_CST); }

/* Whether the call of this number is one of those that fail. */
static int fails(int64_t number, const int64_t *at, const int64_t *times) {
  int64_t first = load(at);
  return first > 0 && number >= first && number - first < load(times);
}

static int64_t *errors_of(enum kind kind) { return &control->errors[__builtin_ctz((unsigned)kind)]; }

int64_t control_errors(enum kind kind) { return control == NULL || kind == KIND_NONE ? 0 : load(errors_of(kind)); }

int control_sync(struct watched *file) {
  if (control == NULL || (load(&control->sync_kinds) & file->kind) == 0) return 0;
  int64_t *errors = errors_of(file->kind);
  if (fails(next(&control->syncs), &control->sync_fails_at, &control->sync_fails)) next(errors);
  /* What could not be written is told once through each descriptor, as Linux does since 4.13. */
  else if (load(errors) <= file->errors_seen) return 0;
  file->errors_seen = load(errors);
  next(&control->syncs_failed);
  return EIO;
}

int control_write(enum kind kind, size_t *bytes) {
  if (control == NULL || (load(&control->write_kinds) & kind) == 0) return 0;
  int64_t number = next(&control->writes);
  if (!fails(number, &control->write_fails_at, &control->write_fails)) return 0;
  int64_t part = load(&control->write_part);
  next(&control->writes_failed);
  if (number == load(&control->write_fails_at) && part > 0 && *bytes > 1) {
    /* A short write is no error; the program asks again for the rest, and then the disk is full. */
    *bytes = (size_t)part < *bytes ? (size_t)part : *bytes - 1;
    return 0;
  }
  return (int)load(&control->write_errno);
}

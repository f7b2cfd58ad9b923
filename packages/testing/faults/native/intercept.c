#define _GNU_SOURCE
#include "faults.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The functions of the C library through which SQLite and node:fs change files. Those of 64 and 32 bits are one on Linux. */

__attribute__((constructor)) static void begin(void) {
  const char *store = getenv("MILLRACE_FAULTS_STORE");
  const char *journal = getenv("MILLRACE_FAULTS_JOURNAL");
  const char *shared = getenv("MILLRACE_FAULTS_CONTROL");
  if (store != NULL) watch_open(store);
  if (journal != NULL) journal_open(journal);
  if (shared != NULL) control_open(shared);
}

#define REAL(name) \
  static __typeof__(name) *real; \
  if (real == NULL) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* A way to change a file that the journal has no record for: better to end than to model a disk that cannot be. */
static void unmodelled(const char *call) {
  fprintf(stderr, "The fault library does not know how to record %s() on a file of the store.\n", call);
  abort();
}

/* Opening */

static int open_at(int folder, const char *path, int flags, mode_t mode) {
  enum kind kind = watch_kind(path);
  int created = 0;
  if (kind != KIND_NONE && (flags & O_CREAT) != 0 && access(path, F_OK) != 0) {
    size_t none = 0;
    int error = control_write(kind, &none);
    if (error != 0) {
      errno = error;
      return -1;
    }
    created = 1;
  }
  int descriptor = (int)syscall(SYS_openat, folder, path, flags, mode);
  if (descriptor < 0) return descriptor;
  if (kind != KIND_NONE && (flags & O_TRUNC) != 0 && !created) unmodelled("open(O_TRUNC)");
  watch_add(descriptor, path, created);
  return descriptor;
}

#define MODE_OF(flags) \
  mode_t mode = 0; \
  if (((flags) & (O_CREAT | O_TMPFILE)) != 0) { \
    va_list rest; \
    va_start(rest, flags); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }

int open(const char *path, int flags, ...) {
  MODE_OF(flags)
  return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  MODE_OF(flags)
  return open_at(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int folder, const char *path, int flags, ...) {
  MODE_OF(flags)
  return open_at(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
  MODE_OF(flags)
  return open_at(folder, path, flags | O_LARGEFILE, mode);
}

int close(int descriptor) {
  watch_remove(descriptor);
  return (int)syscall(SYS_close, descriptor);
}

/* Writing */

static ssize_t write_at(const struct watched *file, int descriptor, const void *octets, size_t bytes, off_t offset) {
  size_t admitted = bytes;
  int error = control_write(file->kind, &admitted);
  if (error != 0) {
    errno = error;
    return -1;
  }
  uint64_t number = file->kind == KIND_SHM ? 0 : journal_add(RECORD_WRITE, file->inode, offset, octets, admitted);
  ssize_t written = syscall(SYS_pwrite64, descriptor, octets, admitted, offset);
  journal_done(number, written < 0 ? -errno : written);
  return written;
}

ssize_t pwrite64(int descriptor, const void *octets, size_t bytes, off_t offset) {
  struct watched *file = watch_get(descriptor);
  if (file->kind == KIND_NONE) return syscall(SYS_pwrite64, descriptor, octets, bytes, offset);
  return write_at(file, descriptor, octets, bytes, offset);
}

ssize_t pwrite(int descriptor, const void *octets, size_t bytes, off_t offset) {
  return pwrite64(descriptor, octets, bytes, offset);
}

ssize_t write(int descriptor, const void *octets, size_t bytes) {
  struct watched *file = watch_get(descriptor);
  if (file->kind == KIND_NONE) return syscall(SYS_write, descriptor, octets, bytes);
  int flags = fcntl(descriptor, F_GETFL);
  off_t offset = lseek(descriptor, 0, (flags & O_APPEND) != 0 ? SEEK_END : SEEK_CUR);
  ssize_t written = write_at(file, descriptor, octets, bytes, offset);
  if (written > 0) lseek(descriptor, offset + written, SEEK_SET);
  return written;
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  if (watch_get(descriptor)->kind != KIND_NONE) unmodelled("writev");
  return syscall(SYS_writev, descriptor, parts, count);
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
  if (watch_get(descriptor)->kind != KIND_NONE) unmodelled("pwritev");
  REAL(pwritev);
  return real(descriptor, parts, count, offset);
}

int ftruncate64(int descriptor, off_t length) {
  struct watched *file = watch_get(descriptor);
  if (file->kind == KIND_NONE) return (int)syscall(SYS_ftruncate, descriptor, length);
  size_t none = 0;
  int error = lseek(descriptor, 0, SEEK_END) < length ? control_write(file->kind, &none) : 0;
  if (error != 0) {
    errno = error;
    return -1;
  }
  uint64_t number = file->kind == KIND_SHM ? 0 : journal_add(RECORD_TRUNCATE, file->inode, length, NULL, 0);
  int result = (int)syscall(SYS_ftruncate, descriptor, length);
  journal_done(number, result < 0 ? -errno : 0);
  return result;
}

int ftruncate(int descriptor, off_t length) { return ftruncate64(descriptor, length); }

void *mmap64(void *address, size_t bytes, int protection, int flags, int descriptor, off_t offset) {
  enum kind kind = descriptor < 0 ? KIND_NONE : watch_get(descriptor)->kind;
  int writes = (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0;
  /* The index of the log is rebuilt after a crash, so nothing of it has to last. */
  if (writes && kind != KIND_NONE && kind != KIND_SHM) unmodelled("mmap");
  return (void *)syscall(SYS_mmap, address, bytes, protection, flags, descriptor, offset);
}

/* Making durable */

static int sync_file(int descriptor, long call) {
  struct watched *file = watch_get(descriptor);
  if (file->kind == KIND_NONE) return (int)syscall(call, descriptor);
  uint64_t number = journal_add(RECORD_SYNC, file->inode, 0, NULL, 0);
  int error = control_sync(file);
  int result = error != 0 ? -1 : (int)syscall(call, descriptor);
  if (error != 0) errno = error;
  journal_done(number, result < 0 ? -errno : 0);
  return result;
}

int fsync(int descriptor) { return sync_file(descriptor, SYS_fsync); }

int fdatasync(int descriptor) { return sync_file(descriptor, SYS_fdatasync); }

/* Names */

int unlink(const char *path) {
  enum kind kind = watch_kind(path);
  if (kind != KIND_NONE && kind != KIND_SHM) journal_add(RECORD_UNLINK, 0, 0, path, strlen(path));
  return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int rename(const char *from, const char *to) {
  if (watch_kind(from) != KIND_NONE || watch_kind(to) != KIND_NONE) {
    char both[8192];
    size_t length = strlen(from) + 1, whole = length + strlen(to);
    if (whole > sizeof both) unmodelled("rename of so long a path");
    memcpy(both, from, length);
    memcpy(both + length, to, whole - length);
    journal_add(RECORD_RENAME, 0, 0, both, whole);
  }
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* The wall clock */

static int64_t offset_ns(void) {
  return control == NULL ? 0 : __atomic_load_n(&control->clock_offset_ns, __ATOMIC_SEQ_CST);
}

#define BILLION 1000000000LL

int clock_gettime(clockid_t clock, struct timespec *time) {
  REAL(clock_gettime);
  int result = real(clock, time);
  if (result != 0 || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return result;
  int64_t now = time->tv_sec * BILLION + time->tv_nsec + offset_ns();
  time->tv_sec = now / BILLION;
  time->tv_nsec = now % BILLION;
  return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  REAL(gettimeofday);
  int result = real(time, zone);
  if (result != 0) return result;
  int64_t now = time->tv_sec * 1000000LL + time->tv_usec + offset_ns() / 1000;
  time->tv_sec = now / 1000000;
  time->tv_usec = now % 1000000;
  return result;
}

time_t time(time_t *store) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (store != NULL) *store = now.tv_sec;
  return now.tv_sec;
}

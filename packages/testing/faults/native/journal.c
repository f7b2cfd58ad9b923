#define _GNU_SOURCE
#include "faults.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/*
 * The journal is one file for all processes. A record is appended with one call, so that records of several processes never
 * mix, and their order is that of the calls: a record of what is about to happen stands before its effect, RECORD_DONE behind
 * it. A process that is killed may leave the beginning of a record; the marks at both ends tell.
 */

#define MARK 0x6c6e726a4d6c7263ULL

struct head {
  uint64_t mark;
  uint32_t bytes; /* of the whole record */
  uint32_t type;
  uint32_t process;
  uint32_t reserved;
  uint64_t number;
  uint64_t inode;
  int64_t value;
};

static int journal = -1;
static uint64_t numbers;

void journal_open(const char *path) {
  /* System calls, as the functions of the C library are those of intercept.c here. */
  int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  /* A number that no file of the program gets: programs count on the lowest ones. */
  journal = descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, 900);
  if (journal < 0) {
    fprintf(stderr, "The journal '%s' of the fault library cannot be written: %s\n", path, strerror(errno));
    abort();
  }
  syscall(SYS_close, descriptor);
}

static void append(struct head *head, const void *payload, size_t bytes) {
  uint64_t mark = MARK;
  int before = errno;
  head->mark = MARK;
  head->bytes = (uint32_t)(sizeof *head + bytes + sizeof mark);
  head->process = (uint32_t)getpid();
  struct iovec parts[3] = {
    {.iov_base = head, .iov_len = sizeof *head},
    {.iov_base = (void *)payload, .iov_len = bytes},
    {.iov_base = &mark, .iov_len = sizeof mark},
  };
  if (syscall(SYS_writev, journal, parts, 3) != (long)head->bytes) {
    fprintf(stderr, "The fault library could not append to its journal: %s\n", strerror(errno));
    abort();
  }
  errno = before;
}

uint64_t journal_add(enum record type, uint64_t inode, int64_t value, const void *payload, size_t bytes) {
  if (journal < 0) return 0;
  uint64_t number = __atomic_add_fetch(&numbers, 1, __ATOMIC_RELAXED);
  struct head head = {.type = type, .number = number, .inode = inode, .value = value};
  append(&head, payload, bytes);
  return number;
}

void journal_done(uint64_t number, int64_t result) {
  if (journal < 0 || number == 0) return;
  struct head head = {.type = RECORD_DONE, .number = number, .value = result};
  append(&head, NULL, 0);
}

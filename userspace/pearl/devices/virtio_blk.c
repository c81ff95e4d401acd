// SPDX-License-Identifier: GPL-2.0
/*
 * A disk in a file of the host's. Requests go to io_uring as they come, and are
 * answered in whatever order they are done: the ring signals the eventfd that
 * the queue's thread waits for anyway.
 *
 * A write is as durable as the file's after a flush, and without one if the
 * driver does not know of flushes.
 *
 * Virtual I/O Device (VIRTIO) specification, "Block Device".
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ids.h>
#include <liburing.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nacre.h"
#include "virtio_devices.h"

#define BIT(n) (1ULL << (n))
#define SECTOR 512ULL

/* The most that one request may be about, as the file's calls count. */
#define MOST_BYTES (1ULL << 30)

/*
 * struct request
 * @chain: as the guest gave it, but for its header and its status
 * @data, @nr_data: of the buffers to read from, what is behind the header
 * @status: in guest memory
 * @in_bytes: in buffers to write to, with the status
 * @result: what the file's call has to return
 */
struct request {
	struct pearl_chain chain;
	struct iovec *data;
	unsigned int nr_data;
	uint8_t *status;
	uint32_t in_bytes;
	int result;
};

/*
 * struct blk - the queue's thread's, once it runs
 * @fd, @sectors, @readonly: the file, which refuses by itself what it is not
 *	open for
 * @uring: all that is under way
 * @requests, @idle, @nr_idle: and those that are not
 */
struct blk {
	struct pearl_virtio virtio;
	struct virtio_blk_config config;
	char id[VIRTIO_BLK_ID_BYTES];
	int fd;
	uint64_t sectors;
	bool readonly;
	bool has_uring;
	struct io_uring uring;
	struct request requests[PEARL_QUEUE_SIZE];
	struct request *idle[PEARL_QUEUE_SIZE];
	unsigned int nr_idle;
};

/* Not a status: there will be one. */
#define UNDER_WAY (-1)

static void finish(struct blk *blk, struct request *r, int status)
{
	*r->status = status;
	pearl_virtqueue_push(&blk->virtio.queues[0].ring, r->chain.head,
			     r->in_bytes);
	blk->idle[blk->nr_idle++] = r;
}

/* The header is read; what is left of the buffers it is in is data. */
static bool take_header(struct request *r, struct virtio_blk_outhdr *header)
{
	size_t left = sizeof(*header);

	r->data = r->chain.iov;
	r->nr_data = r->chain.nr_out;
	if (pearl_iov_read(r->data, r->nr_data, 0, header, left) != left)
		return false;
	while (left) {
		size_t n = r->data->iov_len < left ? r->data->iov_len : left;

		r->data->iov_base = (char *)r->data->iov_base + n;
		r->data->iov_len -= n;
		left -= n;
		if (r->data->iov_len)
			continue;
		r->data++;
		r->nr_data--;
	}
	return true;
}

/* The status is the last byte of all. */
static bool take_status(struct request *r)
{
	struct iovec *in = &r->chain.iov[r->chain.nr_out];
	struct iovec *last = &in[r->chain.nr_in - 1];

	if (!r->chain.nr_in)
		return false;
	r->in_bytes = pearl_iov_bytes(in, r->chain.nr_in);
	r->status = (uint8_t *)last->iov_base + --last->iov_len;
	if (!last->iov_len)
		r->chain.nr_in--;
	return true;
}

static struct io_uring_sqe *sqe_of(struct blk *blk)
{
	/* As many as there are requests, so there is one. */
	return io_uring_get_sqe(&blk->uring);
}

/* The call is made, and has this result if all is well. */
static int expect(struct request *r, struct io_uring_sqe *sqe, int result)
{
	io_uring_sqe_set_data(sqe, r);
	r->result = result;
	return UNDER_WAY;
}

static bool is_inside(const struct blk *blk, uint64_t sector, uint64_t bytes)
{
	return bytes % SECTOR == 0 && bytes <= MOST_BYTES &&
	       sector <= blk->sectors &&
	       bytes / SECTOR <= blk->sectors - sector;
}

static int start_read(struct blk *blk, struct request *r, uint64_t sector)
{
	const struct iovec *in = &r->chain.iov[r->chain.nr_out];
	uint64_t bytes = pearl_iov_bytes(in, r->chain.nr_in);
	struct io_uring_sqe *sqe;

	if (!is_inside(blk, sector, bytes))
		return VIRTIO_BLK_S_IOERR;
	sqe = sqe_of(blk);
	io_uring_prep_readv(sqe, blk->fd, in, r->chain.nr_in, sector * SECTOR);
	return expect(r, sqe, bytes);
}

static int start_write(struct blk *blk, struct request *r, uint64_t sector)
{
	uint64_t bytes = pearl_iov_bytes(r->data, r->nr_data);
	bool flushes = blk->virtio.accepted & BIT(VIRTIO_BLK_F_FLUSH);
	struct io_uring_sqe *sqe;

	if (!is_inside(blk, sector, bytes))
		return VIRTIO_BLK_S_IOERR;
	sqe = sqe_of(blk);
	io_uring_prep_writev2(sqe, blk->fd, r->data, r->nr_data,
			      sector * SECTOR, flushes ? 0 : RWF_DSYNC);
	return expect(r, sqe, bytes);
}

static int start_flush(struct blk *blk, struct request *r)
{
	struct io_uring_sqe *sqe = sqe_of(blk);

	io_uring_prep_fsync(sqe, blk->fd, IORING_FSYNC_DATASYNC);
	return expect(r, sqe, 0);
}

/* Discard, or write zeroes, of which some file systems know the first only. */
static int start_zeroes(struct blk *blk, struct request *r, bool discard)
{
	struct virtio_blk_discard_write_zeroes range;
	int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	struct io_uring_sqe *sqe;
	uint64_t bytes;

	if (pearl_iov_bytes(r->data, r->nr_data) != sizeof(range))
		return VIRTIO_BLK_S_UNSUPP;
	pearl_iov_read(r->data, r->nr_data, 0, &range, sizeof(range));
	if (range.flags & ~(discard ? 0 : VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP))
		return VIRTIO_BLK_S_UNSUPP;
	bytes = range.num_sectors * SECTOR;
	if (!bytes || !is_inside(blk, range.sector, bytes))
		return VIRTIO_BLK_S_IOERR;
	if (!discard && !range.flags)
		mode = FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE;
	sqe = sqe_of(blk);
	io_uring_prep_fallocate(sqe, blk->fd, mode, range.sector * SECTOR,
				bytes);
	return expect(r, sqe, 0);
}

static int tell_id(struct blk *blk, struct request *r)
{
	pearl_iov_write(&r->chain.iov[r->chain.nr_out], r->chain.nr_in, 0,
			blk->id, sizeof(blk->id));
	return VIRTIO_BLK_S_OK;
}

static int start(struct blk *blk, struct request *r,
		 const struct virtio_blk_outhdr *header)
{
	switch (header->type) {
	case VIRTIO_BLK_T_IN:
		return start_read(blk, r, header->sector);
	case VIRTIO_BLK_T_OUT:
		return start_write(blk, r, header->sector);
	case VIRTIO_BLK_T_FLUSH:
		return start_flush(blk, r);
	case VIRTIO_BLK_T_GET_ID:
		return tell_id(blk, r);
	case VIRTIO_BLK_T_DISCARD:
		return start_zeroes(blk, r, true);
	case VIRTIO_BLK_T_WRITE_ZEROES:
		return start_zeroes(blk, r, false);
	default:
		return VIRTIO_BLK_S_UNSUPP;
	}
}

/* A request that can hold no answer is none: the queue is broken. */
static void take(struct blk *blk)
{
	struct pearl_virtqueue *ring = &blk->virtio.queues[0].ring;
	struct virtio_blk_outhdr header;

	while (blk->nr_idle) {
		struct request *r = blk->idle[blk->nr_idle - 1];
		int status;

		if (!pearl_virtqueue_pop(ring, &r->chain))
			return;
		if (!take_header(r, &header) || !take_status(r)) {
			ring->broken = true;
			return;
		}
		blk->nr_idle--;
		status = start(blk, r, &header);
		if (status != UNDER_WAY)
			finish(blk, r, status);
	}
}

static int status_of(const struct request *r, int result)
{
	if (result == r->result)
		return VIRTIO_BLK_S_OK;
	return result == -EOPNOTSUPP ? VIRTIO_BLK_S_UNSUPP :
				       VIRTIO_BLK_S_IOERR;
}

/* Answer what is done; if @all, also what is not yet. */
static void reap(struct blk *blk, bool all)
{
	struct io_uring_cqe *cqe;
	int err;

	while (blk->nr_idle < PEARL_QUEUE_SIZE) {
		struct request *r;

		err = all ? io_uring_wait_cqe(&blk->uring, &cqe) :
			    io_uring_peek_cqe(&blk->uring, &cqe);
		if (err == -EINTR)
			continue;
		if (err)
			return;
		r = io_uring_cqe_get_data(cqe);
		finish(blk, r, status_of(r, cqe->res));
		io_uring_cqe_seen(&blk->uring, cqe);
	}
}

/* Without an idle request, the next one that is done has this called again. */
static void serve(struct pearl_virtio *virtio, unsigned int index)
{
	struct blk *blk = container_of(virtio, struct blk, virtio);
	struct pearl_virtqueue *ring = &virtio->queues[index].ring;

	reap(blk, false);
	pearl_virtqueue_ignore(ring);
	do
		take(blk);
	while (blk->nr_idle && pearl_virtqueue_listen(ring));
	/* What the kernel has no room for now is tried again. */
	if (io_uring_submit(&blk->uring) < 0)
		pearl_virtio_kick(virtio, index);
	pearl_virtio_served(virtio, index);
}

static void stop(struct pearl_virtio *virtio, unsigned int index)
{
	struct blk *blk = container_of(virtio, struct blk, virtio);

	(void)index;
	while (io_uring_sq_ready(&blk->uring) &&
	       io_uring_submit(&blk->uring) < 0)
		usleep(1000);
	reap(blk, true);
}

static void destroy(struct pearl_virtio *virtio)
{
	struct blk *blk = container_of(virtio, struct blk, virtio);

	if (blk->has_uring)
		io_uring_queue_exit(&blk->uring);
	if (blk->fd >= 0)
		close(blk->fd);
	pearl_virtio_exit(virtio);
	free(blk);
}

__attribute__((format(printf, 4, 5)))
static int refuse(struct nacre_error *error, int number, const char *path,
		  const char *format, ...)
{
	char why[200];
	va_list args;

	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	snprintf(error->message, sizeof(error->message), "%.300s: %s", path,
		 why);
	error->number = number;
	return -number;
}

/* Two guests that write to one file leave nothing of it. */
static int lock_file(struct blk *blk, const char *path,
		     struct nacre_error *error)
{
	if (!flock(blk->fd, LOCK_NB | (blk->readonly ? LOCK_SH : LOCK_EX)))
		return 0;
	if (errno == EWOULDBLOCK)
		return refuse(error, EBUSY, path, "is in use as a disk");
	return refuse(error, errno, path, "%s", strerror(errno));
}

static int measure(struct blk *blk, const char *path,
		   struct nacre_error *error)
{
	struct stat st;
	off_t bytes;

	if (fstat(blk->fd, &st))
		return refuse(error, errno, path, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return refuse(error, EINVAL, path,
			      "neither a regular file nor a block device");
	bytes = lseek(blk->fd, 0, SEEK_END);
	if (bytes < 0)
		return refuse(error, errno, path, "%s", strerror(errno));
	if (!bytes || bytes % SECTOR)
		return refuse(error, EINVAL, path,
			      "%lld bytes: not a number of sectors of %llu",
			      (long long)bytes, SECTOR);
	blk->sectors = bytes / SECTOR;
	return 0;
}

static int open_file(struct blk *blk, const char *path,
		     struct nacre_error *error)
{
	int err;

	blk->fd = open(path, (blk->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC |
		       O_NONBLOCK | O_NOCTTY);
	if (blk->fd < 0)
		return refuse(error, errno, path, "%s", strerror(errno));
	err = measure(blk, path, error);
	return err ? err : lock_file(blk, path, error);
}

static int open_uring(struct blk *blk, const char *path,
		      struct nacre_error *error)
{
	int err = io_uring_queue_init(PEARL_QUEUE_SIZE, &blk->uring, 0);

	blk->has_uring = !err;
	if (!err)
		err = io_uring_register_eventfd(&blk->uring,
						blk->virtio.queues[0].kick);
	return err ? refuse(error, -err, path, "io_uring: %s", strerror(-err)) :
		     0;
}

static void describe(struct blk *blk, unsigned int number)
{
	const uint32_t most = MOST_BYTES / SECTOR;

	snprintf(blk->id, sizeof(blk->id), "pearl-%u", number);
	blk->config.capacity = blk->sectors;
	/* But for the header and the status. */
	blk->config.seg_max = PEARL_QUEUE_SIZE - 2;
	blk->config.max_discard_sectors = most;
	blk->config.max_discard_seg = 1;
	blk->config.discard_sector_alignment = 1;
	blk->config.max_write_zeroes_sectors = most;
	blk->config.max_write_zeroes_seg = 1;
	blk->config.write_zeroes_may_unmap = 1;
	blk->virtio.features = BIT(VIRTIO_BLK_F_SEG_MAX) |
			       BIT(VIRTIO_BLK_F_FLUSH);
	if (blk->readonly)
		blk->virtio.features |= BIT(VIRTIO_BLK_F_RO);
	else
		blk->virtio.features |= BIT(VIRTIO_BLK_F_DISCARD) |
					BIT(VIRTIO_BLK_F_WRITE_ZEROES);
	blk->virtio.type = VIRTIO_ID_BLOCK;
	blk->virtio.nr_queues = 1;
	blk->virtio.config = &blk->config;
	blk->virtio.config_bytes = sizeof(blk->config);
	blk->virtio.serve = serve;
	blk->virtio.stop = stop;
	blk->virtio.destroy = destroy;
}

static int set_up(struct blk *blk, const char *path, unsigned int number,
		  struct nacre_error *error)
{
	int err = open_file(blk, path, error);

	describe(blk, number);
	if (pearl_virtio_init(&blk->virtio) && !err)
		err = refuse(error, errno, path, "%s", strerror(errno));
	return err ? err : open_uring(blk, path, error);
}

struct pearl_virtio *pearl_virtio_blk_create(const char *path, bool readonly,
					     unsigned int number,
					     struct nacre_error *error)
{
	struct blk *blk = calloc(1, sizeof(*blk));

	if (!blk) {
		refuse(error, ENOMEM, path, "%s", strerror(ENOMEM));
		return NULL;
	}
	blk->readonly = readonly;
	for (; blk->nr_idle < PEARL_QUEUE_SIZE; blk->nr_idle++)
		blk->idle[blk->nr_idle] = &blk->requests[blk->nr_idle];
	if (!set_up(blk, path, number, error))
		return &blk->virtio;
	destroy(&blk->virtio);
	return NULL;
}

using Amazon.S3.Model;

namespace Migration;

public sealed partial class S3Store
{
    /// <summary>The body of an object as it comes. What cuts it short is transient, never an early end: the HTTP client knows its length.</summary>
    private sealed class ObjectStream(S3Store store, string what, GetObjectResponse answer) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await answer.ResponseStream.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception error) when (IsOfS3(error, cancellationToken))
            {
                throw store.Translate(error, what);
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                answer.Dispose();
            base.Dispose(disposing);
        }
    }
}

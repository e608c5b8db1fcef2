using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Influx.Tests;

/// <summary>A request and its answer as recorded on the wire.</summary>
internal sealed class RecordedExchange
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Recorded", "2.7.1");

    private RecordedExchange(string name)
    {
        (RequestLine, RequestHeaders, RequestBody) = Parse(File.ReadAllBytes(Path.Combine(Folder, name + ".req")));
        (var statusLine, AnswerHeaders, AnswerBody) = Parse(File.ReadAllBytes(Path.Combine(Folder, name + ".resp")));
        Status = int.Parse(statusLine.AsSpan("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
    }

    public string RequestLine { get; }

    public Dictionary<string, string> RequestHeaders { get; }

    public byte[] RequestBody { get; }

    public int Status { get; }

    public Dictionary<string, string> AnswerHeaders { get; }

    /// <summary>Without chunk framing and compression.</summary>
    public byte[] AnswerBody { get; }

    /// <summary>The recordings in the order of their making; <c>+name</c> stands for a bucket that was made without a recording.</summary>
    public static string[] Order { get; } = [.. File.ReadAllLines(Path.Combine(Folder, "order.txt")).Where(line => line is not ("" or ['#', ..]))];

    public static RecordedExchange Load(string name) => new(name);

    private static (string First, Dictionary<string, string> Headers, byte[] Body) Parse(byte[] bytes)
    {
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        var lines = Encoding.Latin1.GetString(bytes, 0, end).Split("\r\n");
        var headers = lines.Skip(1).Select(line => line.Split(": ", 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.OrdinalIgnoreCase);
        var body = bytes[(end + 4)..];
        if (headers.GetValueOrDefault("Transfer-Encoding") == "chunked")
            body = Dechunked(body);
        if (headers.GetValueOrDefault("Content-Encoding") == "gzip" && lines[0].StartsWith("HTTP", StringComparison.Ordinal))
            body = Gunzipped(body);
        return (lines[0], headers, body);
    }

    private static byte[] Dechunked(ReadOnlySpan<byte> rest)
    {
        using var body = new MemoryStream();
        while (true)
        {
            var end = rest.IndexOf("\r\n"u8);
            var length = int.Parse(Encoding.ASCII.GetString(rest[..end]), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (length == 0)
                return body.ToArray();
            body.Write(rest.Slice(end + 2, length));
            rest = rest[(end + 2 + length + 2)..];
        }
    }

    private static byte[] Gunzipped(byte[] packed)
    {
        using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var body = new MemoryStream();
        gzip.CopyTo(body);
        return body.ToArray();
    }
}

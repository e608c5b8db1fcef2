namespace TestServers;

/// <summary>The documents of a chunked msgpack answer: what a proxy can lose without the rest being any less well formed.</summary>
public static class AnswerDocuments
{
    private static readonly byte[] Head = [0x81, 0xa7, .. "results"u8, 0x91];

    /// <summary>The answer to a query that finds nothing.</summary>
    public static byte[] Nothing => [.. Head, 0x82, 0xac, .. "statement_id"u8, 0x00, 0xa6, .. "series"u8, 0x90];

    /// <summary>Parts an answer before each document.</summary>
    public static IReadOnlyList<byte[]> Split(byte[] answer)
    {
        var documents = new List<byte[]>();
        for (var start = 0; start < answer.Length;)
        {
            var next = answer.AsSpan(start + 1).IndexOf(Head);
            var stop = next < 0 ? answer.Length : start + 1 + next;
            documents.Add(answer[start..stop]);
            start = stop;
        }
        return documents;
    }

    /// <summary>The answer without one of its documents, counted from 0; a shorter answer as it is.</summary>
    public static byte[] Without(byte[] answer, int document)
    {
        var documents = Split(answer);
        return documents.Count <= document + 1 ? answer : [.. documents.Where((_, index) => index != document).SelectMany(bytes => bytes)];
    }
}

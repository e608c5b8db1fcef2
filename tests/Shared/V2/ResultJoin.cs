using System.Text;
using System.Text.Json.Nodes;

namespace TestServers;

/// <summary>Joins the results of statements that were run one by one to the answer that a server gives to all of them.</summary>
internal sealed class ResultJoin(UnsignedValues.Form form, bool chunked)
{
    private const string JsonHead = "{\"results\":[";
    private static readonly byte[] PackHead = [0x81, 0xa7, .. "results"u8, 0x91];
    private static readonly byte[] PackId = [0xac, .. "statement_id"u8, 0x00];

    private readonly List<byte[]> results = [];

    internal void AddTables(int statement, IReadOnlyList<Table> tables) => results.Add(form switch
    {
        UnsignedValues.Form.Json => Encoding.UTF8.GetBytes(Table.ResultJson(statement, tables)),
        UnsignedValues.Form.MessagePack => Table.ResultMessagePack(statement, tables),
        _ => Encoding.UTF8.GetBytes(Table.Csv(tables)),
    });

    /// <summary>CSV shows no error at all; msgpack has no statement_id beside one.</summary>
    internal void AddError(int statement, string error)
    {
        if (form == UnsignedValues.Form.Json)
        {
            var result = new JsonObject { ["statement_id"] = statement, ["error"] = error };
            results.Add(Encoding.UTF8.GetBytes(Answers.Text(result, compact: true)));
        }
        else if (form == UnsignedValues.Form.MessagePack)
        {
            var pack = new MessagePack();
            pack.Map(1);
            pack.Text("error");
            pack.Text(error);
            results.Add(pack.ToArray());
        }
    }

    /// <summary>Adds the backend's answer to one statement; true when it is an error.</summary>
    internal bool AddAnswer(int statement, byte[] answer)
    {
        switch (form)
        {
            case UnsignedValues.Form.Json:
                var lines = Encoding.UTF8.GetString(answer).Split('\n', StringSplitOptions.RemoveEmptyEntries);
                foreach (var line in lines)
                    results.Add(Encoding.UTF8.GetBytes(line[JsonHead.Length..^2].Replace("{\"statement_id\":0", $"{{\"statement_id\":{statement}", StringComparison.Ordinal)));
                return lines.Length > 0 && lines[^1].StartsWith(JsonHead + "{\"statement_id\":0,\"error\":", StringComparison.Ordinal);
            case UnsignedValues.Form.MessagePack:
                return AddPacked((byte)statement, answer);
            default:
                results.Add(answer);
                return false;
        }
    }

    internal byte[] ToArray()
    {
        using var output = new MemoryStream();
        if (form == UnsignedValues.Form.Csv)
        {
            foreach (var (index, result) in results.FindAll(result => result.Length > 0).Index())
            {
                output.Write(index == 0 ? ""u8 : "\n"u8);
                output.Write(result);
            }
        }
        else if (chunked)
        {
            foreach (var result in results)
                Document(output, [result]);
        }
        else
        {
            Document(output, results);
        }
        return output.ToArray();
    }

    private bool AddPacked(byte statement, byte[] answer)
    {
        var rest = answer.AsSpan();
        var failed = false;
        while (rest.StartsWith(PackHead))
        {
            rest = rest[PackHead.Length..];
            var next = rest.IndexOf(PackHead);
            var result = (next < 0 ? rest : rest[..next]).ToArray();
            var id = result.AsSpan().IndexOf(PackId);
            failed = id < 0;
            if (id >= 0)
                result[id + PackId.Length - 1] = statement;
            results.Add(result);
            rest = next < 0 ? [] : rest[next..];
        }
        return failed;
    }

    private void Document(MemoryStream output, List<byte[]> members)
    {
        if (form == UnsignedValues.Form.Json)
        {
            output.Write(members.Count == 0 ? "{"u8 : "{\"results\":["u8);
            foreach (var (index, member) in members.Index())
            {
                output.Write(index == 0 ? ""u8 : ","u8);
                output.Write(member);
            }
            output.Write(members.Count == 0 ? "}\n"u8 : "]}\n"u8);
            return;
        }
        if (members.Count == 0)
        {
            output.WriteByte(0x80);
            return;
        }
        output.Write(PackHead.AsSpan()[..^1]);
        var count = new MessagePack();
        count.Array(members.Count);
        output.Write(count.ToArray());
        foreach (var member in members)
            output.Write(member);
    }
}

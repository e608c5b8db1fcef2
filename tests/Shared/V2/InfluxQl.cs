namespace TestServers;

/// <summary>What a token of InfluxQL is.</summary>
internal enum TokenKind
{
    Word,
    Quoted,
    Text,
    Regex,
    Symbol,
}

/// <summary>A token and its place; spaces and comments are none.</summary>
internal readonly record struct Token(TokenKind Kind, int Start, int End, string Value)
{
    internal bool Is(string keyword) => Kind == TokenKind.Word && Value.Equals(keyword, StringComparison.OrdinalIgnoreCase);

    internal bool IsSymbol(char symbol) => Kind == TokenKind.Symbol && Value[0] == symbol;

    internal bool IsName => Kind is TokenKind.Word or TokenKind.Quoted;
}

/// <summary>The lexical side of InfluxQL: enough to find statements, sources and <c>ON</c> clauses without a mistake about quotes.</summary>
internal static class InfluxQl
{
    /// <summary>An identifier in double quotes.</summary>
    internal static string Quoted(string name) =>
        $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    /// <summary>The statements of a query, each as its text and its tokens.</summary>
    internal static List<(string Text, List<Token> Tokens)> Statements(string query)
    {
        var statements = new List<(string, List<Token>)>();
        var start = 0;
        foreach (var token in Tokens(query).Append(new Token(TokenKind.Symbol, query.Length, query.Length, ";")))
        {
            if (!token.IsSymbol(';'))
                continue;
            var text = query[start..token.Start];
            if (Tokens(text) is { Count: > 0 } tokens)
                statements.Add((text, tokens));
            start = token.End;
        }
        return statements;
    }

    internal static List<Token> Tokens(string text)
    {
        var tokens = new List<Token>();
        for (var at = 0; at < text.Length;)
        {
            var (kind, end) = Next(text, at, tokens);
            if (kind is { } known)
                tokens.Add(new Token(known, at, end, known is TokenKind.Quoted or TokenKind.Text ? Unescaped(text[(at + 1)..Math.Max(at + 1, end - 1)]) : text[at..end]));
            at = end;
        }
        return tokens;
    }

    private static (TokenKind? Kind, int End) Next(string text, int at, List<Token> before)
    {
        var rest = text.AsSpan(at);
        if (char.IsWhiteSpace(text[at]))
            return (null, at + 1);
        if (rest.StartsWith("--"))
            return (null, rest.IndexOf('\n') is var line and >= 0 ? at + line : text.Length);
        if (rest.StartsWith("/*"))
            return (null, rest.IndexOf("*/") is var close and >= 0 ? at + close + 2 : text.Length);
        switch (text[at])
        {
            case '"':
                return (TokenKind.Quoted, EndOf(text, at, '"'));
            case '\'':
                return (TokenKind.Text, EndOf(text, at, '\''));
            case '/' when RegexMayStart(before):
                return (TokenKind.Regex, EndOf(text, at, '/'));
        }
        if (!char.IsLetterOrDigit(text[at]) && text[at] is not ('_' or '$'))
            return (TokenKind.Symbol, at + 1);
        var end = at + 1;
        while (end < text.Length && (char.IsLetterOrDigit(text[end]) || text[end] == '_'))
            end++;
        return (TokenKind.Word, end);
    }

    /// <summary>A slash is a division unless it stands where a source, a field or a match is expected.</summary>
    private static bool RegexMayStart(List<Token> before) => before is [.., var last]
        && (last.Kind == TokenKind.Symbol ? last.Value is "~" or "," or "(" or "." : last.Is("FROM") || last.Is("SELECT") || last.Is("BY"));

    private static int EndOf(string text, int at, char quote)
    {
        for (var i = at + 1; i < text.Length; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] == quote)
                return i + 1;
        }
        return text.Length;
    }

    private static string Unescaped(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
            return text;
        var result = new System.Text.StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
                i++;
            else
            {
                result.Append(text[i]);
                continue;
            }
            result.Append(text[i] == 'n' ? '\n' : text[i]);
        }
        return result.ToString();
    }
}

// Writes a CycloneDX 1.6 list of what a project is built from: every package of its packages.lock.json with version, hash and licence,
// and the .NET runtime that is compiled into a native file. What only builds it has the scope "excluded".
// dotnet run scripts/sbom.cs -- PROJECT-FOLDER FILE
#:property PublishAot=false
#:property RestorePackagesWithLockFile=false
#:property NoWarn=$(NoWarn);MA0047;MA0048
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;

if (args.Length != 2)
{
    Console.Error.WriteLine("dotnet run scripts/sbom.cs -- PROJECT-FOLDER FILE");
    return 2;
}
var (project, file) = (Path.GetFullPath(args[0]), Path.GetFullPath(args[1]));
var restored = Path.Combine(project, "obj", "project.assets.json");
if (!File.Exists(restored))
{
    Console.Error.WriteLine($"{args[0]} is not restored: run 'dotnet restore' first");
    return 1;
}
// Analyzers and compilers: used for the build, not shipped.
string[] buildTools = ["Meziantou.Analyzer", "Microsoft.CodeAnalysis.BannedApiAnalyzers", "Microsoft.DotNet.ILCompiler", "Microsoft.NET.ILLink.Tasks"];
var assets = JsonNode.Parse(File.ReadAllText(restored))!;
var folders = assets["packageFolders"]!.AsObject().Select(folder => folder.Key).ToList();
var locked = JsonNode.Parse(File.ReadAllText(Path.Combine(project, "packages.lock.json")))!["dependencies"]!.AsObject()
    .SelectMany(target => target.Value!.AsObject()).Where(package => (string)package.Value!["type"]! != "Project")
    .Select(package => (Name: package.Key, Version: (string)package.Value!["resolved"]!, Hash: (string?)package.Value["contentHash"], Needs: package.Value["dependencies"] as JsonObject));
var runtimes = assets["project"]!["frameworks"]!.AsObject().SelectMany(framework => framework.Value!["downloadDependencies"]?.AsArray() ?? [])
    .Where(download => ((string)download!["name"]!).Contains("NETCore.App.Runtime.NativeAOT", StringComparison.Ordinal))
    .Select(download => (Name: (string)download!["name"]!, Version: ((string)download["version"]!).Trim('[', ']').Split(',')[0], Hash: (string?)null, Needs: (JsonObject?)null));
var packages = locked.Concat(runtimes).DistinctBy(package => (package.Name, package.Version)).OrderBy(package => package.Name, StringComparer.OrdinalIgnoreCase).ToList();
var versions = packages.ToDictionary(package => package.Name, package => package.Version, StringComparer.OrdinalIgnoreCase);

var bom = new JsonObject
{
    ["bomFormat"] = "CycloneDX",
    ["specVersion"] = "1.6",
    ["version"] = 1,
    ["metadata"] = new JsonObject
    {
        ["component"] = new JsonObject
        {
            ["type"] = "application",
            ["bom-ref"] = Path.GetFileName(project),
            ["name"] = $"influx-migrate {Path.GetFileName(project)}",
            ["version"] = (string)assets["project"]!["version"]!,
            ["licenses"] = Licences("Apache-2.0"),
        },
    },
    ["components"] = new JsonArray([.. packages.Select(Component)]),
    ["dependencies"] = new JsonArray([.. packages.Select(package => new JsonObject
    {
        ["ref"] = Purl(package.Name, package.Version),
        ["dependsOn"] = new JsonArray([.. (package.Needs ?? []).Where(need => versions.ContainsKey(need.Key)).Select(need => (JsonNode)Purl(need.Key, versions[need.Key]))]),
    })]),
};
Directory.CreateDirectory(Path.GetDirectoryName(file)!);
File.WriteAllText(file, bom.ToJsonString(new JsonSerializerOptions
{
    WriteIndented = true,
    Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    TypeInfoResolver = new System.Text.Json.Serialization.Metadata.DefaultJsonTypeInfoResolver(),
}) + "\n");
Console.WriteLine($"{args[1]}: {packages.Count} packages");
return 0;

JsonNode Component((string Name, string Version, string? Hash, JsonObject? Needs) package)
{
    var (name, version) = (package.Name, package.Version);
    var folder = folders.Select(root => Path.Combine(root, name.ToLowerInvariant(), version.ToLowerInvariant())).FirstOrDefault(Directory.Exists)
        ?? throw new DirectoryNotFoundException($"{name} {version} is not in {string.Join(", ", folders)}: run 'dotnet restore' first");
    var specification = XDocument.Load(Directory.EnumerateFiles(folder, "*.nuspec").Single()).Root!.Elements().Single(element => element.Name.LocalName == "metadata");
    var component = new JsonObject
    {
        ["type"] = "library",
        ["bom-ref"] = Purl(name, version),
        ["name"] = name,
        ["version"] = version,
        ["scope"] = buildTools.Contains(name, StringComparer.Ordinal) ? "excluded" : "required",
        ["purl"] = Purl(name, version),
        ["hashes"] = new JsonArray(new JsonObject
        {
            ["alg"] = "SHA-512",
            ["content"] = Convert.ToHexStringLower(Convert.FromBase64String(File.ReadAllText(Directory.EnumerateFiles(folder, "*.nupkg.sha512").Single()).Trim())),
        }),
        ["licenses"] = Licence(specification),
    };
    // What the lock file demands: NuGet's own hash, which leaves a package's signature out.
    if (package.Hash is not null)
        component["properties"] = new JsonArray(new JsonObject { ["name"] = "nuget:contentHash", ["value"] = package.Hash });
    return component;
}

static JsonArray Licence(XElement metadata)
{
    string? Text(string name) => metadata.Elements().FirstOrDefault(element => element.Name.LocalName == name)?.Value.Trim();
    var licence = metadata.Elements().FirstOrDefault(element => element.Name.LocalName == "license");
    if ((string?)licence?.Attribute("type") == "expression")
        return Licences(licence!.Value.Trim());
    var named = new JsonObject { ["name"] = licence is null ? "as its address says" : $"the package's file {licence.Value.Trim()}" };
    if (licence is null && Text("licenseUrl") is { } address)
        named["url"] = address;
    return [new JsonObject { ["license"] = named }];
}

static JsonArray Licences(string expression) =>
    [expression.Contains(' ', StringComparison.Ordinal) ? new JsonObject { ["expression"] = expression } : new JsonObject { ["license"] = new JsonObject { ["id"] = expression } }];

static string Purl(string name, string version) => $"pkg:nuget/{name}@{version}";

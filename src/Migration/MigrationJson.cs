using System.Text.Json.Serialization;

namespace Migration;

/// <summary>The JSON of everything that is staged: camelCase, enumerations by name, without reflection.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    WriteIndented = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(MigrationRequest))]
[JsonSerializable(typeof(MigrationPlan))]
[JsonSerializable(typeof(SealedManifest))]
[JsonSerializable(typeof(ExportReceipt))]
[JsonSerializable(typeof(ImportReceipt))]
[JsonSerializable(typeof(VerifyReceipt))]
[JsonSerializable(typeof(PartialImport))]
[JsonSerializable(typeof(PartialVerify))]
[JsonSerializable(typeof(DestinationRecord))]
[JsonSerializable(typeof(MigrationReport))]
public sealed partial class MigrationJson : JsonSerializerContext;

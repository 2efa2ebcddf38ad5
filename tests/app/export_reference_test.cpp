// `attention-viz export` of every tiny checkpoint found on the disk, as somebody would call it to compare
// with another program: the NPZ equals what the reference implementation computed, in both forms of storage.
// Weights stored as float32, float16 and bfloat16, whole and in shards; real checkpoints; the sample model.
#include <zip.h>

#include <QtTest>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "core/base/json_parse.h"
#include "core/model/model_config.h"
#include "core/session/npy_array.h"
#include "tests/core/torch/expected_run.h"
#include "tests/support/program.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;
namespace fs = std::filesystem;

namespace {

struct Array {
    std::vector<std::int64_t> shape;
    std::vector<float> values;        // of numbers of 32 bits
    std::vector<std::int64_t> whole;  // of int64
    std::vector<std::string> texts;
};
using Archive = std::map<std::string, Array>;

Array arrayOf(const std::string& bytes, const std::string& name) {
    Array array;
    const auto parsed = parseNpy(bytes, name);
    if (!parsed) qFatal("%s", parsed.error().sentence().c_str());
    array.shape = parsed->shape;
    if (parsed->kind == 'U') {
        array.texts = *parsed->texts(name);
    } else if (parsed->kind == 'f' && parsed->itemBytes == 4) {
        array.values.resize(parsed->bytes.size() / sizeof(float));
        std::memcpy(array.values.data(), parsed->bytes.data(), parsed->bytes.size());
    } else if (parsed->kind == 'i' && parsed->itemBytes == 8) {
        array.whole.resize(parsed->bytes.size() / sizeof(std::int64_t));
        std::memcpy(array.whole.data(), parsed->bytes.data(), parsed->bytes.size());
    }
    return array;
}

Archive readArchive(const QString& path) {
    Archive archive;
    zip_t* zip = zip_open(path.toUtf8().constData(), ZIP_RDONLY, nullptr);
    if (!zip) return archive;
    for (zip_int64_t index = 0; index < zip_get_num_entries(zip, 0); ++index) {
        zip_stat_t status{};
        zip_stat_index(zip, static_cast<zip_uint64_t>(index), 0, &status);
        std::string name = status.name;
        std::string bytes(status.size, '\0');
        zip_file_t* file = zip_fopen_index(zip, static_cast<zip_uint64_t>(index), 0);
        if (!file || zip_fread(file, bytes.data(), status.size) != static_cast<zip_int64_t>(status.size))
            qFatal("%s cannot be read", name.c_str());
        zip_fclose(file);
        if (name.ends_with(".npy")) name.resize(name.size() - 4);
        archive[name] = arrayOf(bytes, name);
    }
    zip_discard(zip);
    return archive;
}

QString listOf(const std::vector<std::int64_t>& ids) {
    QStringList words;
    for (const auto id : ids) words << QString::number(id);
    return words.join(',');
}

double furthest(const float* expected, const float* found, std::size_t count) {
    double worst = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const double difference = std::fabs(static_cast<double>(expected[i]) - static_cast<double>(found[i]));
        if (!(difference <= worst)) worst = difference;  // NaN counts
    }
    return worst;
}

}  // namespace

class ExportReferenceTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    static QStringList families() {
        const auto listed = runProgram({"families", "--format", "json"});
        QStringList types;
        const auto json = parseJson(listed.out.toStdString(), "families");
        if (json)
            for (const auto& family : (*json)["families"].items())
                types << QString::fromStdString(family["model_type"].string());
        return types;
    }

    // The arrays of an export, or nothing after a failed check.
    Archive exported(const QString& folder, const ModelInput& input, const QString& storage,
                     bool all = true) {
        const QString path = m_folder.path() + "/out.npz";
        QFile::remove(path);
        QStringList arguments{"export",    "--model", folder,     "--token-ids", listOf(input.ids),
                              "--storage", storage,   "--output", path};
        if (all)
            arguments << "--include"
                      << "attention,logits,hidden-states";
        if (!input.segmentIds.empty()) arguments << "--segment-ids" << listOf(input.segmentIds);
        if (!input.attentionMask.empty()) arguments << "--attention-mask" << listOf(input.attentionMask);
        if (!input.targetIds.empty()) arguments << "--target-ids" << listOf(input.targetIds);
        const auto outcome = runProgram(arguments);
        if (outcome.code != 0 || !outcome.out.isEmpty()) {
            QTest::qFail(
                qPrintable("exit " + QString::number(outcome.code) + ": " + outcome.err + outcome.out),
                __FILE__, __LINE__);
            return {};
        }
        auto archive = readArchive(path);
        if (archive["input_ids"].whole != input.ids) QTest::qFail("input_ids differ", __FILE__, __LINE__);
        if (archive["tokens"].texts.size() != input.ids.size())
            QTest::qFail("one token an id", __FILE__, __LINE__);
        return archive;
    }

    // The file's own names beside those of the archive.
    static QString firstDifferenceOf(const Checkpoint& expected, const std::string& run,
                                     const Archive& archive) {
        std::map<std::string, std::int64_t> layers;  // of each kind of attention
        for (const auto& [name, tensor] : expected.tensors()) {
            if (!name.starts_with(run)) continue;
            std::string part = name.substr(run.size());
            double tolerance = kValueTolerance;
            std::size_t offset = 0, count = static_cast<std::size_t>(tensor.elements());
            std::vector<std::int64_t> shape = tensor.shape;
            if (const auto at = part.find("attentions."); at != std::string::npos) {
                const auto layer = std::stoul(part.substr(at + 11));
                part = part.substr(0, at) + "attention_weights";
                offset = layer * count;
                tolerance = kAttentionTolerance;
                layers[part] = std::max<std::int64_t>(layers[part], static_cast<std::int64_t>(layer) + 1);
            } else if (part == "last_hidden_state") {
                continue;  // the last of hidden_states
            } else if (part.find("hidden_states.") == std::string::npos && part != "logits") {
                continue;  // inputs
            }
            const auto found = archive.find(part);
            if (found == archive.end()) return QString::fromStdString(part + " is missing");
            const Array& array = found->second;
            if (tolerance == kAttentionTolerance) {
                if (array.shape.size() != 4 ||
                    !std::equal(shape.begin(), shape.end(), array.shape.begin() + 1))
                    return QString::fromStdString(part + " has another shape");
            } else if (array.shape != shape) {
                return QString::fromStdString(part + " has another shape");
            }
            if (array.values.size() < offset + count)
                return QString::fromStdString(part + " has too few layers");
            const double worst = furthest(floatsOf(tensor).data(), array.values.data() + offset, count);
            if (!(worst <= tolerance))
                return QString::fromStdString(name) + " differs by " + QString::number(worst);
        }
        for (const auto& [part, count] : layers)
            if (archive.at(part).shape.front() != count)
                return QString::fromStdString(part + " has layers that are expected nowhere");
        return {};
    }

 private slots:
    void equalsTheReference_data() {
        QTest::addColumn<QString>("folder");
        const auto known = families();
        QVERIFY2(known.contains("gpt2") && known.contains("bert"), qPrintable(known.join(' ')));
        std::vector<fs::path> found;
        for (const auto& root : {sourceDir() / "tests/reference", sharedDir() / "reference"}) {
            if (!fs::exists(root)) continue;
            for (const auto& entry : fs::directory_iterator(root)) {
                if (!fs::exists(entry.path() / "expected.safetensors")) continue;
                const auto config = ModelConfig::read(entry.path() / "config.json");
                // The other families are compared in core/torch/reference_test, without a program a run.
                if (config && (config->modelType() == "gpt2" || config->modelType() == "bert"))
                    found.push_back(entry.path());
            }
        }
        std::sort(found.begin(), found.end());
        for (const auto& path : found)
            QTest::newRow((path.parent_path().parent_path().filename() / path.filename()).c_str())
                << QString::fromStdString(path.string());
    }
    void equalsTheReference() {
        QFETCH(QString, folder);
        const auto expected = Checkpoint::openFile(folder.toStdString() + "/expected.safetensors");
        QVERIFY2(expected.ok(), expected.ok() ? "" : expected.error().sentence().c_str());
        const auto runs = expectedRuns(*expected);
        QVERIFY(!runs.empty());
        for (const auto& run : runs)
            for (const auto* storage : {"dense", "factored"}) {
                const auto archive = exported(folder, run.input, storage);
                if (QTest::currentTestFailed()) return;
                const auto wrong = firstDifferenceOf(*expected, run.prefix, archive);
                QVERIFY2(wrong.isEmpty(), qPrintable(QString(storage) + ": " + wrong));
            }
    }

    void realCheckpoints_data() {
        QTest::addColumn<QString>("folder");
        QTest::addColumn<QString>("expected");
        QTest::newRow("gpt2-capp") << "gpt2-capp"
                                   << "gpt2-capp.json";
        QTest::newRow("gpt2-sort") << "gpt2-sort-HF-CONVERTED"
                                   << "gpt2-sort.json";
    }
    void realCheckpoints() {
        ATTNVIZ_NEED_SHARED("data/checkpoints/reference");
        QFETCH(QString, folder);
        QFETCH(QString, expected);
        const auto root = sharedDir() / "data/checkpoints";
        const auto json = readJsonFile(root / "reference" / expected.toStdString());
        QVERIFY(json.ok());
        const auto& records = json->isArray() ? json->items() : JsonValue::Array{*json};
        QVERIFY(!records.empty());
        for (const auto& record : records) {
            ModelInput input;
            for (const auto& id : record["input_ids"].items()) input.ids.push_back(id.integerOr(-1));
            std::vector<float> flat;
            for (const auto& layer : record["attentions"].items())
                for (const auto& head : layer.items())
                    for (const auto& row : head.items())
                        for (const auto& weight : row.items())
                            flat.push_back(static_cast<float>(weight.numberOr(9)));
            for (const auto* storage : {"dense", "factored"}) {
                auto archive =
                    exported(QString::fromStdString((root / folder.toStdString()).string()), input, storage);
                if (QTest::currentTestFailed()) return;
                const auto& weights = archive["attention_weights"].values;
                QCOMPARE(weights.size(), flat.size());
                const double worst = furthest(flat.data(), weights.data(), flat.size());
                QVERIFY2(worst <= kAttentionTolerance, qPrintable(QString::number(worst)));
                // The likeliest next tokens, with their logits.
                const auto& logits = archive["logits"];
                QCOMPARE(logits.shape.size(), std::size_t{2});
                const auto* last = logits.values.data() + (logits.shape[0] - 1) * logits.shape[1];
                for (const auto& pair : record["logits_last_top5"].items()) {
                    const auto id = pair.items().at(0).integerOr(-1);
                    QVERIFY(id >= 0 && id < logits.shape[1]);
                    QVERIFY(std::fabs(static_cast<double>(last[id]) - pair.items().at(1).numberOr(1e9)) <=
                            kValueTolerance);
                }
            }
        }
    }

    void theSampleModel() {
        const auto folder = sourceDir() / "resources/sample-model";
        const auto expected = Checkpoint::openFile(folder / "expected.safetensors");
        QVERIFY(expected.ok());
        int compared = 0;
        for (const auto& [name, tensor] : expected->tensors()) {
            if (!name.ends_with("attentions")) continue;
            const auto stem = name.substr(0, name.size() - std::string("attentions").size());
            const auto* ids = expected->find(stem + "input_ids");
            QVERIFY2(ids, name.c_str());
            ModelInput input;
            input.ids.resize(static_cast<std::size_t>(ids->elements()));
            std::memcpy(input.ids.data(), ids->bytes.data(), ids->bytes.size());
            const auto* logits = expected->find(stem + "last_logits");
            QVERIFY2(logits, name.c_str());
            for (const auto* storage : {"dense", "factored"}) {
                auto archive = exported("sample", input, storage);
                if (QTest::currentTestFailed()) return;
                QCOMPARE(archive["attention_weights"].shape, tensor.shape);
                const auto values = floatsOf(tensor);
                QVERIFY(furthest(values.data(), archive["attention_weights"].values.data(), values.size()) <=
                        kAttentionTolerance);
                // The file has the last position's.
                const auto last = floatsOf(*logits);
                const auto& found = archive["logits"].values;
                QVERIFY(found.size() >= last.size());
                QVERIFY(furthest(last.data(), found.data() + found.size() - last.size(), last.size()) <=
                        kValueTolerance);
            }
            ++compared;
        }
        QVERIFY(compared >= 2);
    }

    // A checkpoint without a head has no logits: they are left out, and a notice says so.
    void whatAModelLacksIsLeftOutWithANotice() {
        const QString path = m_folder.path() + "/headless.npz";
        const auto folder = sourceDir() / "tests/reference/bert-headless-bfloat16";
        const auto outcome =
            runProgram({"export", "--model", QString::fromStdString(folder.string()), "--token-ids", "5,6,7",
                        "--include", "attention,logits", "--output", path});
        QVERIFY2(outcome.code == 0, outcome.err.toUtf8());
        QVERIFY2(outcome.err.contains("logits"), outcome.err.toUtf8());
        const auto archive = readArchive(path);
        QVERIFY(archive.contains("attention_weights"));
        QVERIFY(!archive.contains("logits"));
    }
};

QTEST_GUILESS_MAIN(ExportReferenceTest)
#include "export_reference_test.moc"

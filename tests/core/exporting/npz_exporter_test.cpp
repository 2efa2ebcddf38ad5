// The archive read back byte by byte, as the ZIP and NPY formats say, without any of the writer's code.
#include <zlib.h>

#include <QtTest>
#include <cstring>
#include <map>

#include "core/base/half.h"
#include "core/exporting/exporters.h"
#include "core/exporting/zip_writer.h"
#include "tests/support/attention_text.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

std::uint64_t field(const std::string& bytes, std::size_t at, int size) {
    std::uint64_t value = 0;
    for (int i = size - 1; i >= 0; --i)
        value = value << 8U | static_cast<unsigned char>(bytes.at(at + static_cast<std::size_t>(i)));
    return value;
}

struct Entry {
    std::string data;
    std::uint64_t time = 0, date = 0, method = 0;
};

std::string inflated(const std::string& packed, std::size_t size) {
    std::string out(size, '\0');
    z_stream stream{};
    inflateInit2(&stream, -MAX_WBITS);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(size);
    const int state = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    return state == Z_STREAM_END && stream.avail_out == 0 ? out : std::string();
}

// Reads the central directory (no ZIP64) and checks each entry's checksum.
std::map<std::string, Entry> readZip(const std::string& bytes) {
    std::map<std::string, Entry> entries;
    const std::size_t end = bytes.size() - 22;
    if (field(bytes, end, 4) != 0x06054B50) qFatal("no end of the central directory");
    std::size_t at = field(bytes, end + 16, 4);
    for (std::uint64_t left = field(bytes, end + 10, 2); left > 0; --left) {
        if (field(bytes, at, 4) != 0x02014B50) qFatal("no central header");
        const std::size_t stored = field(bytes, at + 20, 4), size = field(bytes, at + 24, 4);
        const std::size_t nameLength = field(bytes, at + 28, 2), extra = field(bytes, at + 30, 2);
        const std::size_t offset = field(bytes, at + 42, 4);
        const std::string name = bytes.substr(at + 46, nameLength);
        if (field(bytes, offset, 4) != 0x04034B50) qFatal("no local header");
        if (bytes.substr(offset + 30, field(bytes, offset + 26, 2)) != name) qFatal("local name differs");
        const std::size_t data = offset + 30 + nameLength + field(bytes, offset + 28, 2);
        Entry entry{bytes.substr(data, stored), field(bytes, at + 12, 2), field(bytes, at + 14, 2),
                    field(bytes, at + 10, 2)};
        if (entry.method == 8) entry.data = inflated(entry.data, size);
        if (entry.data.size() != size) qFatal("size of %s", name.c_str());
        const auto crc = crc32(0, reinterpret_cast<const Bytef*>(entry.data.data()), static_cast<uInt>(size));
        if (crc != field(bytes, at + 16, 4)) qFatal("checksum of %s", name.c_str());
        if (field(bytes, data + stored, 4) != 0x08074B50 || field(bytes, data + stored + 4, 4) != crc)
            qFatal("descriptor of %s", name.c_str());
        entries[name] = entry;
        at += 46 + nameLength + extra;
    }
    if (at != end) qFatal("bytes behind the central directory");
    return entries;
}

struct Array {
    std::string header, data;
};
Array array(const std::map<std::string, Entry>& entries, const std::string& name) {
    const auto found = entries.find(name + ".npy");
    if (found == entries.end()) qFatal("no array %s", name.c_str());
    const std::string& bytes = found->second.data;
    if (bytes.substr(0, 8) != std::string("\x93NUMPY\x01\x00", 8)) qFatal("no npy");
    const std::size_t length = field(bytes, 8, 2);
    if ((10 + length) % 64 != 0 || bytes.at(9 + length) != '\n') qFatal("header of %s", name.c_str());
    std::string header = bytes.substr(10, length);
    header.resize(header.find_last_not_of(" \n") + 1);
    return {header, bytes.substr(10 + length)};
}

template <class Number>
std::vector<Number> numbers(const std::string& data) {
    std::vector<Number> out(data.size() / sizeof(Number));
    std::memcpy(out.data(), data.data(), data.size());
    return out;
}

std::string header(const std::string& type, const std::string& shape) {
    return "{'descr': '" + type + "', 'fortran_order': False, 'shape': " + shape + ", }";
}

std::map<std::string, Entry> exported(const ExportRequest& request) {
    StringSink sink;
    const auto done = kNpzExporter.write(request, sink, {}, {});
    if (!done) qFatal("%s", done.error().sentence().c_str());
    return readZip(sink.bytes());
}

std::vector<float> allWeights(const AttentionSource& source) {
    const AttentionInfo& info = source.info();
    std::vector<float> all, row(static_cast<std::size_t>(info.keys));
    for (int layer = 0; layer < info.layers; ++layer)
        for (int head = 0; head < info.heads; ++head)
            for (int query = 0; query < info.queries; ++query) {
                source.row({layer, head}, query, row);
                all.insert(all.end(), row.begin(), row.end());
            }
    return all;
}

}  // namespace

class NpzExporterTest : public QObject {
    Q_OBJECT

 private slots:
    void weightsAreLayerHeadQueryKeyAndExact() {
        Session session;
        session.run = randomRun(2, 3, 7);
        for (const bool compress : {false, true}) {
            ExportRequest request{.session = session};
            request.compress = compress;
            const auto entries = exported(request);
            QCOMPARE(entries.size(), std::size_t{3});
            const auto weights = array(entries, "attention_weights");
            QCOMPARE(weights.header, header("<f4", "(2, 3, 7, 7)"));
            QCOMPARE(numbers<float>(weights.data), allWeights(session.run->main()));
            for (const auto& [name, entry] : entries) {
                QCOMPARE(entry.time, std::uint64_t{0});
                QCOMPARE(entry.date, std::uint64_t{0x21});
                QCOMPARE(entry.method, std::uint64_t{compress ? 8U : 0U});
            }
        }
    }

    void halfPrecisionRoundsToTheNearest() {
        Session session;
        session.run = randomRun(1, 2, 6);
        ExportRequest request{.session = session};
        request.halfPrecision = true;
        const auto weights = array(exported(request), "attention_weights");
        QCOMPARE(weights.header, header("<f2", "(1, 2, 6, 6)"));
        const auto halves = numbers<std::uint16_t>(weights.data);
        const auto exact = allWeights(session.run->main());
        QCOMPARE(halves.size(), exact.size());
        for (std::size_t i = 0; i < exact.size(); ++i) QCOMPARE(halves[i], halfFromFloat(exact[i]));
    }

    void tokensAreFixedWidthUnicode() {
        Session session;
        session.run = runFromText("1 .\n.5 .5", {"é", "😀ab"});
        const auto entries = exported({.session = session});
        const auto tokens = array(entries, "tokens");
        QCOMPARE(tokens.header, header("<U3", "(2,)"));
        const std::vector<char32_t> expected{U'é', 0, 0, U'😀', U'a', U'b'};
        QCOMPARE(numbers<char32_t>(tokens.data) == expected, true);
        const auto ids = array(entries, "input_ids");
        QCOMPARE(ids.header, header("<i8", "(2,)"));
        QCOMPARE(numbers<qint64>(ids.data), (std::vector<qint64>{0, 1}));
    }

    void selectionHoldsTheChosenAndSaysWhich() {
        Session session;
        session.run = randomRun(3, 4, 5);
        ExportRequest request{.session = session};
        request.layers = {2, 0};
        request.heads = {1};
        const auto entries = exported(request);
        QCOMPARE(array(entries, "attention_weights").header, header("<f4", "(2, 1, 5, 5)"));
        QCOMPARE(numbers<qint64>(array(entries, "layers").data), (std::vector<qint64>{2, 0}));
        QCOMPARE(numbers<qint64>(array(entries, "heads").data), (std::vector<qint64>{1}));
        const auto got = numbers<float>(array(entries, "attention_weights").data);
        const auto all = allWeights(session.run->main());
        const std::size_t map = 25;
        QVERIFY(std::equal(got.begin(), got.begin() + 25, all.begin() + (2 * 4 + 1) * map));
        QVERIFY(std::equal(got.begin() + 25, got.end(), all.begin() + 1 * map));
    }

    void logitsAndHiddenStatesComeOnRequestOrWithANotice() {
        auto run = std::make_shared<AttentionRun>(*randomRun(1, 1, 3));
        run->logits = FloatMatrix{3, 1, {1, 2, 70000}};
        run->hiddenStates = {FloatMatrix{3, 2, {1, 2, 3, 4, 5, 6}}, FloatMatrix{3, 2, {6, 5, 4, 3, 2, 1}}};
        Session session;
        session.run = run;
        QVERIFY(!exported({.session = session}).contains("logits.npy"));

        std::vector<std::string> notices;
        ExportRequest request{.session = session};
        request.includeLogits = request.includeHiddenStates = request.halfPrecision = true;
        request.includeAttention = false;
        request.notices = &notices;
        const auto entries = exported(request);
        QVERIFY(!entries.contains("attention_weights.npy"));
        QCOMPARE(array(entries, "logits").header, header("<f4", "(3,)"));  // 70000 is no float16
        QCOMPARE(notices.size(), std::size_t{1});
        QCOMPARE(array(entries, "hidden_states.1").header, header("<f2", "(3, 2)"));

        Session bare;
        bare.run = randomRun(1, 1, 3);
        notices.clear();
        ExportRequest asksForMore{.session = bare};
        asksForMore.includeLogits = asksForMore.includeHiddenStates = true;
        asksForMore.notices = &notices;
        QCOMPARE(exported(asksForMore).size(), std::size_t{3});
        QCOMPARE(notices.size(), std::size_t{2});
    }

    void encoderDecoderHasThreeNamedMaps() {
        const auto self = [](int tokens, bool causal) {
            return randomRun(2, 2, tokens, causal)->sources.front();
        };
        auto run = std::make_shared<AttentionRun>(*randomRun(2, 2, 4, false));
        run->target = randomRun(2, 2, 3)->input;
        run->sources = {self(4, false), self(3, true),
                        attentionFromText("1 0 0 0\n0 1 0 0\n0 0 1 0\n-\n1 0 0 0\n0 1 0 0\n0 0 1 0")};
        run->targetHiddenStates = {FloatMatrix{3, 1, {1, 2, 3}}};
        Session session;
        session.run = run;
        ExportRequest request{.session = session};
        request.includeHiddenStates = true;
        const auto entries = exported(request);
        QCOMPARE(array(entries, "encoder_attention_weights").header, header("<f4", "(2, 2, 4, 4)"));
        QCOMPARE(array(entries, "decoder_attention_weights").header, header("<f4", "(2, 2, 3, 3)"));
        QCOMPARE(array(entries, "cross_attention_weights").header, header("<f4", "(1, 2, 3, 4)"));
        QCOMPARE(array(entries, "target_ids").header, header("<i8", "(3,)"));
        QCOMPARE(array(entries, "decoder_hidden_states.0").header, header("<f4", "(3, 1)"));
    }

    void entriesAbove4GigabytesUseZip64() {
        // A sink that keeps only what frames the data.
        struct FramesOnly final : ByteSink {
            std::string frames;
            std::uint64_t total = 0;
            Result<void> write(std::string_view bytes) override {
                total += bytes.size();
                if (bytes.size() < 1000) frames += bytes;
                return {};
            }
        } sink;
        ZipWriter zip(sink);
        const std::uint64_t size = (std::uint64_t{4} << 30U) + 7;
        QVERIFY(zip.begin("big", size, ZipWriter::Method::stored).ok());
        const std::string block(std::size_t{1} << 20U, '\0');
        for (int i = 0; i < 4096; ++i) QVERIFY(zip.write(block).ok());
        QVERIFY(zip.write("1234567").ok());
        QVERIFY(zip.end().ok());
        QVERIFY(zip.begin("small", 1, ZipWriter::Method::stored).ok());
        QVERIFY(zip.write("x").ok());
        QVERIFY(zip.end().ok());
        QVERIFY(zip.finish().ok());
        const std::string& bytes = sink.frames;
        const std::size_t locator = bytes.size() - 22 - 20;
        QCOMPARE(field(bytes, locator, 4), std::uint64_t{0x07064B50});
        QCOMPARE(field(bytes, locator + 8, 8), sink.total - 22 - 20 - 56);
        const std::size_t central = bytes.find("PK\x01\x02");
        QCOMPARE(field(bytes, central + 20, 4), std::uint64_t{0xFFFFFFFF});
        QCOMPARE(field(bytes, central + 46 + 3 + 4, 8), size);
        QCOMPARE(field(bytes, central + 46 + 3 + 4 + 8, 8), size);
    }
};

QTEST_GUILESS_MAIN(NpzExporterTest)
#include "npz_exporter_test.moc"

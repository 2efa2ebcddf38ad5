// Files of other programs open as sessions, and what had to be guessed is said.
#include <QtTest>
#include <cstring>

#include "core/base/atomic_file.h"
#include "core/base/half.h"
#include "core/exporting/exporters.h"
#include "core/session/session.h"
#include "tests/core/session/session_cases.h"
#include "tests/support/attention_text.h"
#include "tests/support/shared_data.h"

using namespace attnviz;
using namespace attnviz::test;

class ForeignFormsTest : public QObject {
    Q_OBJECT

    QTemporaryDir m_folder;

    std::filesystem::path path(const std::string& name) const {
        return m_folder.filePath(QString::fromStdString(name)).toStdString();
    }
    std::filesystem::path written(const std::string& name, std::string_view bytes) const {
        if (!writeFile(path(name), bytes)) qFatal("cannot write");
        return path(name);
    }
    static Session opened(const std::filesystem::path& file) {
        auto session = openSession(file);
        if (!session) qFatal("%s", session.error().sentence().c_str());
        return std::move(*session);
    }
    static std::string refusal(const std::filesystem::path& file) {
        const auto session = openSession(file);
        return session ? "opened" : session.error().sentence();
    }
    static bool says(const Session& session, std::string_view words) {
        for (const auto& notice : session.run->notices)
            if (notice.find(words) != std::string::npos) return true;
        return false;
    }
    static std::vector<std::string> texts(const TokenizedText& text) {
        std::vector<std::string> all;
        for (const auto& token : text.tokens) all.push_back(token.text);
        return all;
    }
    // A .npy file as NumPy writes it.
    static std::string npy(const std::string& type, const std::string& shape, const std::string& data,
                           const char* order = "False") {
        std::string header =
            "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
        header.append(63 - (10 + header.size()) % 64, ' ');
        header += '\n';
        std::string file("\x93NUMPY\x01\x00", 8);
        file += static_cast<char>(header.size() & 0xFFU);
        file += static_cast<char>(header.size() >> 8U);
        return file + header + data;
    }
    template <class Number>
    static std::string bytes(std::initializer_list<Number> numbers) {
        std::string data(numbers.size() * sizeof(Number), '\0');
        std::memcpy(data.data(), std::data(numbers), data.size());
        return data;
    }

 private slots:
    void thePythonLibrarysExportOpens() {
        ATTNVIZ_NEED_SHARED("data/recorded/gpt2-quick-brown-fox/attention_data.json");
        const Session session =
            opened(sharedDir() / "data/recorded/gpt2-quick-brown-fox/attention_data.json");
        QVERIFY(session.foreign);
        QCOMPARE(session.encoding, SessionEncoding::nested);
        QCOMPARE(session.run->model.name, std::string("gpt2"));
        const AttentionInfo& info = session.run->main().info();
        QCOMPARE(info.kind, AttentionKind::decoder);
        QCOMPARE(info.layers, 12);
        QCOMPARE(info.heads, 12);
        QCOMPARE(info.queries, 9);
        QVERIFY(info.visibility.causal());
        QVERIFY(says(session, "causal"));
        QCOMPARE(session.run->input.tokens[3].text, std::string(" fox"));
        QCOMPARE(session.run->input.tokens[3].begin, std::size_t{15});
        std::vector<float> row(9);
        session.run->main().row({4, 11}, 3, row);
        QVERIFY(row[2] > 0.9F);  // the well-known previous-token head
    }

    void aRoundedRecordingWithPaddingIsFlagged() {
        ATTNVIZ_NEED_SHARED("data/recorded/bert-sst2-dodrio/attention-0006.json");
        const Session session = opened(sharedDir() / "data/recorded/bert-sst2-dodrio/attention-0006.json");
        const AttentionInfo& info = session.run->main().info();
        QCOMPARE(info.kind, AttentionKind::encoder);
        QCOMPARE(info.queries, 64);
        QCOMPARE(info.visibility.maskedKeys().size(), std::size_t{35});
        QCOMPARE(info.visibility.maskedKeys().front(), 29);
        QVERIFY(!info.visibility.causal());
        QVERIFY(says(session, "29 to 63"));
        QVERIFY(says(session, "rounded to 4 digits"));
        QVERIFY(session.run->input.tokens[0].special);
        QCOMPARE(session.run->input.tokens[1].text, std::string("demonstrates"));
        QVERIFY(session.run->text().find("blockbusters as") != std::string::npos);
    }

    void aTransformerExplainerRecordingOpens() {
        ATTNVIZ_NEED_SHARED("data/recorded/gpt2-transformer-explainer/ex0.json");
        const Session session = opened(sharedDir() / "data/recorded/gpt2-transformer-explainer/ex0.json");
        const AttentionInfo& info = session.run->main().info();
        QCOMPARE(info.layers, 12);
        QCOMPARE(info.heads, 12);
        QCOMPARE(info.queries, 6);
        QVERIFY(info.visibility.causal());
        QCOMPARE(session.run->text(), std::string("Data visualization empowers users to"));
        QCOMPARE(session.run->input.tokens[1].id, std::int64_t{32704});
        QCOMPARE(session.run->predictions.front().top.front().text, std::string(" visualize"));
        std::vector<float> row(6);
        session.run->main().row({0, 0}, 1, row);
        QCOMPARE(row[0], 0.8388097882270813F);
    }

    void explainerMapsMayBeFlatOrNumbered() {
        const Session session = opened(written("flat.json", R"({"tokens": ["a", " b"], "outputs": {
            "block_0_attn_head_0_attn_softmax": {"data": [1, 0, 0.25, 0.75], "dims": [1, 2, 2]},
            "block_0_attn_head_0_attn": {"data": [9, 9, 9, 9], "dims": [2, 2]},
            "block_0_attn_head_1_attn_softmax": {"data": {"0": 1, "1": 0, "2": 0.5, "3": 0.5}, "dims": [1, 1, 2, 2]}}})"));
        QVERIFY(weightsOf(session.run->main()) == (std::vector<float>{1, 0, .25F, .75F, 1, 0, .5F, .5F}));
        QVERIFY(refusal(written("missing.json", R"({"tokens": ["a"], "outputs": {
            "block_0_attn_head_1_attn_softmax": {"data": [1], "dims": [1, 1]}}})"))
                    .find("head_0") != std::string::npos);
        QVERIFY(refusal(written("dims.json", R"({"tokens": ["a", "b"], "outputs": {
            "block_0_attn_head_0_attn_softmax": {"data": [1, 0, 1], "dims": [2, 2]}}})"))
                    .find("has 3 weights, its \"dims\" want 4") != std::string::npos);
    }

    void bareListsHaveTwoToFiveLevels_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<int>("layers");
        QTest::addColumn<int>("heads");
        QTest::newRow("query, key") << QByteArray("[[1, 0], [0.5, 0.5]]") << 1 << 1;
        QTest::newRow("head") << QByteArray("[[[1, 0], [0.5, 0.5]], [[1, 0], [0, 1]]]") << 1 << 2;
        QTest::newRow("layer") << QByteArray("[[[[1,0],[0.5,0.5]]],[[[1,0],[0,1]]]]") << 2 << 1;
        QTest::newRow("batch in front") << QByteArray("[[[[[1,0],[0.5,0.5]]],[[[1,0],[0,1]]]]]") << 2 << 1;
        QTest::newRow("batch after the layer")
            << QByteArray("[[[[[1,0],[0,1]]]],[[[[1,0],[0,1]]]]]") << 2 << 1;
    }
    void bareListsHaveTwoToFiveLevels() {
        QFETCH(QByteArray, text);
        QFETCH(int, layers);
        QFETCH(int, heads);
        const Session session = opened(written("bare.json", text.toStdString()));
        QCOMPARE(session.run->main().info().layers, layers);
        QCOMPARE(session.run->main().info().heads, heads);
        QVERIFY(session.run->main().info().visibility.causal());
        QCOMPARE(texts(session.run->input), (std::vector<std::string>{"#0", "#1"}));
        QVERIFY(says(session, "numbered"));
    }

    void tokensLieBesideABareList() {
        written("beside.tokens.txt", "[CLS]\r\nplay\n##ing\n");
        const Session session =
            opened(written("beside.json", "[[0.5,0.25,0.25],[0.5,0.25,0.25],[0.5,0.25,0.25]]"));
        QCOMPARE(session.run->text(), std::string("playing"));
        QVERIFY(session.run->input.tokens[0].special);
        QCOMPARE(session.run->input.tokens[2].begin, std::size_t{4});
        QCOMPARE(session.run->main().info().kind, AttentionKind::encoder);
        written("listed.tokens.json", R"(["Hello", " w\u00f6rld"])");
        QCOMPARE(opened(written("listed.json", "[[1,0],[0.5,0.5]]")).run->text(), std::string("Hello wörld"));
        written("wrong.tokens.json", R"(["one", "two", "three"])");
        QVERIFY(
            refusal(written("wrong.json", "[[1,0],[0.5,0.5]]")).find("over 2 tokens, but the file names 3") !=
            std::string::npos);
    }

    void objectsWithAttentionAndTokensOpen() {
        const Session session = opened(written(
            "object.json",
            R"({"model": "toy", "tokens": ["Ġa", "Ġb"], "attn": [[[[0.5, 0.5], [0.5, 0.5]]]], "score": 1.50})"));
        QCOMPARE(session.run->model.name, std::string("toy"));
        QCOMPARE(texts(session.run->input), (std::vector<std::string>{" a", " b"}));
        QCOMPARE(session.run->main().info().kind, AttentionKind::encoder);
        QCOMPARE(session.unknownKeys.size(), std::size_t{1});
        QCOMPARE(session.unknownKeys[0].second, std::string("1.50"));
        const Session pair = opened(written(
            "pair.json", R"({"left_text": ["x"], "right_text": ["a", " b"], "attention": [[0.25, 0.75]]})"));
        QCOMPARE(pair.run->main().info().kind, AttentionKind::cross);
        QCOMPARE(texts(pair.run->queriesOf(pair.run->main())), (std::vector<std::string>{"x"}));
        QCOMPARE(texts(pair.run->keysOf(pair.run->main())), (std::vector<std::string>{"a", " b"}));
    }

    void ourOwnNumpyArchiveOpens_data() {
        QTest::addColumn<bool>("half");
        QTest::addColumn<bool>("compress");
        QTest::newRow("float32, stored") << false << false;
        QTest::newRow("float16, deflated") << true << true;
    }
    void ourOwnNumpyArchiveOpens() {
        QFETCH(bool, half);
        QFETCH(bool, compress);
        const Session session = encoderDecoderSession();
        ExportRequest request{.session = session,
                              .sources = session.run->sources,
                              .layers = {},
                              .heads = {},
                              .combine = {},
                              .halfPrecision = half,
                              .compress = compress,
                              .title = {},
                              .created = {}};
        StringSink sink;
        const auto* exporter = exporterForName("x.npz", coreExporters());
        QVERIFY(exporter);
        QVERIFY(exporter->write(request, sink, {}, {}).ok());
        const Session again = opened(written("ours.npz", sink.bytes()));
        QCOMPARE(again.run->sources.size(), std::size_t{3});
        QCOMPARE(texts(*again.run->target), texts(*session.run->target));
        QCOMPARE(again.run->input.tokens[1].id, session.run->input.tokens[1].id);
        for (std::size_t i = 0; i < 3; ++i) {
            QCOMPARE(again.run->sources[i]->info().kind, session.run->sources[i]->info().kind);
            auto wanted = weightsOf(*session.run->sources[i]);
            if (half)
                for (float& weight : wanted) weight = floatFromHalf(halfFromFloat(weight));
            QVERIFY(weightsOf(*again.run->sources[i]) == wanted);
        }
        QVERIFY(again.run->sources[1]->info().visibility.causal());
        QCOMPARE(again.run->sources[2]->info().visibility.maskedKeys(), (std::vector<int>{5, 6}));
    }

    void numpyArraysOpenInEveryTypeAndOrder_data() {
        QTest::addColumn<QByteArray>("file");
        const auto row = [](const char* name, const std::string& file) {
            QTest::newRow(name) << QByteArray::fromStdString(file);
        };
        row("float32", npy("<f4", "(1, 2, 2)", bytes<float>({1, 0, .25F, .75F})));
        row("float64", npy("<f8", "(2, 2)", bytes<double>({1, 0, .25, .75})));
        row("float16", npy("<f2", "(1, 1, 2, 2)", bytes<std::uint16_t>({0x3C00, 0, 0x3400, 0x3A00})));
        row("column-major", npy("<f4", "(2, 2)", bytes<float>({1, .25F, 0, .75F}), "True"));
        row("five axes", npy("<f4", "(1, 1, 1, 2, 2)", bytes<float>({1, 0, .25F, .75F})));
    }
    void numpyArraysOpenInEveryTypeAndOrder() {
        QFETCH(QByteArray, file);
        const Session session = opened(written("array.npy", file.toStdString()));
        QVERIFY(weightsOf(session.run->main()) == (std::vector<float>{1, 0, .25F, .75F}));
    }

    void whatIsNoArrayIsRefused_data() {
        QTest::addColumn<QByteArray>("file");
        QTest::addColumn<QString>("reason");
        const auto row = [](const char* name, const std::string& file, const char* reason) {
            QTest::newRow(name) << QByteArray::fromStdString(file) << QString(reason);
        };
        const std::string data = bytes<float>({1, 0, .5F, .5F});
        row("pickle", npy("|O", "(2, 2)", data), "pickle");
        row("bare pickle", std::string("\x80\x04\x95 numpy"), "pickle");
        row("big-endian", npy(">f4", "(2, 2)", data), "big-endian");
        row("complex", npy("<c8", "(2, 1)", data), "c8");
        row("structured", npy("[('a', '<f4')]", "(2, 2)", data), "dictionary");
        row("short data", npy("<f4", "(2, 3)", data), "wants 24 bytes, the file has 16");
        row("overflowing shape", npy("<f4", "(4294967296, 4294967296)", data), "larger than any file");
        row("negative shape", npy("<f4", "(-2, 2)", data), "dictionary");
        row("code in the header", npy("<f4", "(2, __import__('os'))", data), "dictionary");
        row("one axis", npy("<f4", "(4,)", data), "1 axes");
        row("empty", npy("<f4", "(0, 2)", ""), "empty");
        row("not a number", npy("<f4", "(2, 2)", bytes<float>({1, 0, std::nanf(""), 1})),
            "query 1, key 0 is not a number");
        row("infinite", npy("<f8", "(2, 2)", bytes<double>({1, 0, 1, 1e300})), "query 1, key 1 is infinite");
        row("header cut short", npy("<f4", "(2, 2)", data).substr(0, 40), "header");
    }
    void whatIsNoArrayIsRefused() {
        QFETCH(QByteArray, file);
        QFETCH(QString, reason);
        const auto sentence = QString::fromStdString(refusal(written("bad.npy", file.toStdString())));
        QVERIFY2(sentence.contains(reason), qPrintable(sentence));
    }

    void damagedArchivesAreRefused() {
        const Session session = encoderDecoderSession();
        ExportRequest request{.session = session,
                              .sources = session.run->sources,
                              .layers = {},
                              .heads = {},
                              .combine = {},
                              .title = {},
                              .created = {}};
        StringSink sink;
        QVERIFY(exporterForName("x.npz", coreExporters())->write(request, sink, {}, {}).ok());
        const std::string& whole = sink.bytes();
        for (std::size_t size = 4; size < whole.size(); size += whole.size() / 37) {
            const std::string sentence = refusal(written("cut.npz", whole.substr(0, size)));
            QVERIFY2(sentence != "opened", std::to_string(size).c_str());
        }
        std::string flipped = whole;
        const auto data = flipped.find("NUMPY");
        flipped[data + 200] = static_cast<char>(flipped[data + 200] ^ 0x55);
        QVERIFY(refusal(written("flipped.npz", flipped)) != "opened");
    }

    void safetensorsWithAttentionOpen() {
        const std::string header =
            R"({"attention_weights":{"dtype":"F32","shape":[1,1,2,2],"data_offsets":[0,16]},)"
            R"("input_ids":{"dtype":"I64","shape":[2],"data_offsets":[16,32]}})";
        std::string file(8, '\0');
        file[0] = static_cast<char>(header.size());
        file += header + bytes<float>({1, 0, .5F, .5F}) + bytes<std::int64_t>({17, 4});
        const Session session = opened(written("tensors.safetensors", file));
        QVERIFY(weightsOf(session.run->main()) == (std::vector<float>{1, 0, .5F, .5F}));
        QCOMPARE(texts(session.run->input), (std::vector<std::string>{"#17", "#4"}));
    }

    void foreignFilesSaveAsSessionsOfOurs() {
        ATTNVIZ_NEED_SHARED("data/recorded/bert-sst2-dodrio/attention-0006.json");
        const Session session = opened(sharedDir() / "data/recorded/bert-sst2-dodrio/attention-0006.json");
        QVERIFY(saveSession(session, path("saved.attn.json")).ok());
        const Session again = opened(path("saved.attn.json"));
        QVERIFY(!again.foreign);
        QVERIFY(weightsOf(again.run->main()) == weightsOf(session.run->main()));
        QVERIFY(again.run->main().info().visibility == session.run->main().info().visibility);
        QVERIFY(again.run->input.tokens[1].end == session.run->input.tokens[1].end);
    }
};

QTEST_GUILESS_MAIN(ForeignFormsTest)
#include "foreign_forms_test.moc"

// Named numbers in two columns, row by row. The last rows can be left out where there is no room.
#pragma once

#include <QStringList>
#include <QWidget>
#include <vector>

class QLabel;

namespace attnviz::ui {

class NumberGrid final : public QWidget {
    Q_OBJECT
 public:
    NumberGrid(const QStringList& names, QWidget* parent);
    void setNumbers(const QStringList& numbers);  // as many as there are names; missing ones are dashes
    void showRows(int rows);
    int heightOf(int rows) const;

 private:
    std::vector<QLabel*> m_names, m_numbers;
};

}  // namespace attnviz::ui
